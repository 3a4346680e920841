import Link from 'next/link'
import { type TermId, termOf } from './glossary'
import './learn.css'
import { Picture } from './pictures'
import { TermEntry } from './term-entry'

/** What a term's popover holds; a chunk of its own, which no page has before it is asked for. */
export default function Explanation({ id }: { id: TermId }) {
  const { picture } = termOf(id)
  return (
    <>
      <TermEntry id={id} level={2} />
      {picture && <Picture name={picture} />}
      <p className="small">
        <Link href={`/learn#${id}`}>All terms</Link>
      </p>
    </>
  )
}
