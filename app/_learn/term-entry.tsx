import { TableScroll } from '../_ui/table-scroll'
import { Formula } from './formula'
import { directionOf, type TermId, termOf } from './glossary'

/** A term with its words, formula, direction and source. */
export function TermEntry({ id, level }: { id: TermId; level: 2 | 3 }) {
  const term = termOf(id)
  const Heading = level === 2 ? 'h2' : 'h3'
  const direction = directionOf(term)
  return (
    <>
      <Heading id={level === 3 ? id : undefined}>{term.name}</Heading>
      <p>{term.text}</p>
      {term.formula && (
        <TableScroll label={`Formula of ${term.name}`} className="formula-line">
          <Formula text={term.formula} />
        </TableScroll>
      )}
      {(direction || term.source) && (
        <p className="caption">{[direction, term.source].filter(Boolean).join(' · ')}</p>
      )}
    </>
  )
}
