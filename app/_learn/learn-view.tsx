import { gaussianFit } from '../../lib/diagnostics/basis-fit'
import { Card, Sentence } from '../_ui/card'
import { formatDb } from '../_ui/format'
import { type GroupId, groups, type PictureName, type TermId, termIds, termOf } from './glossary'
import './learn.css'
import { Picture } from './pictures'
import { StartTour } from './start-tour'
import { TermEntry } from './term-entry'

const held = (bases: 1 | 2) => formatDb(-10 * Math.log10(gaussianFit[bases].residualEnergy))

/** The paper in terms and live pictures, in the order of its argument; `tour`: the runs of the tour are there. */
export function LearnView({ tour }: { tour: boolean }) {
  return (
    <>
      <div className="page-head">
        <h1>Learn</h1>
        {tour && <StartTour />}
      </div>
      <Sentence>
        Of a bell-shaped row of weights one bit keeps <b>{held(1)}</b> of SQNR; a second sign with a scale of
        its own makes it <b>{held(2)}</b>. BinaryDM gets a diffusion model through that: two bases where it
        hurts, four bits for inputs, and a student held to the directions in which its teacher’s features
        live. Every picture can be dragged, or moved with the arrow keys.
      </Sentence>
      <nav aria-label="Topics" className="chips">
        {groupIds.map((group) => (
          <a key={group} className="button" href={`#${group}`}>
            {groups[group].title}
          </a>
        ))}
      </nav>
      {groupIds.map((group) => (
        <Group key={group} group={group} />
      ))}
    </>
  )
}

const groupIds = Object.keys(groups) as GroupId[]

function Group({ group }: { group: GroupId }) {
  const own = termIds.filter((id) => termOf(id).group === group)
  const pictures = [...new Set(own.flatMap((id) => termOf(id).picture ?? []))]
  const plain = own.filter((id) => !termOf(id).picture)
  const { title, intro } = groups[group]
  return (
    <section className="learn-group" aria-labelledby={group}>
      <header>
        <h2 id={group}>{title}</h2>
        <p className="caption">{intro}</p>
      </header>
      {pictures.map((picture) => (
        <PicturedTerms
          key={picture}
          picture={picture}
          terms={own.filter((id) => termOf(id).picture === picture)}
        />
      ))}
      {plain.length > 0 && (
        <Card>
          <div className="plain-terms">
            {plain.map((id) => (
              <article key={id}>
                <TermEntry id={id} level={3} />
              </article>
            ))}
          </div>
        </Card>
      )}
    </section>
  )
}

/** Terms that one picture shows, beside it. */
function PicturedTerms({ picture, terms }: { picture: PictureName; terms: TermId[] }) {
  return (
    <Card className="pictured-terms">
      <div>
        {terms.map((id) => (
          <article key={id}>
            <TermEntry id={id} level={3} />
          </article>
        ))}
      </div>
      <Picture name={picture} />
    </Card>
  )
}
