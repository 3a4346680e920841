import { shortLayerId } from './format'

export type LayerNameProps = {
  id: string
  /** As it is written here; the id itself if it fits. */
  wide?: string
  /** As it is written on a phone. */
  narrow?: string
}

/** A layer id cut to its place on the page. Screen readers and the title have it in full. */
export function LayerName({ id, wide = id, narrow = shortLayerId(id, 20) }: LayerNameProps) {
  return (
    <span className="layer-name" title={id}>
      {wide === id && narrow === id ? (
        id
      ) : (
        <>
          <span className="unseen">{id}</span>
          <span className="wide" aria-hidden>
            {wide}
          </span>
          <span className="narrow" aria-hidden>
            {narrow}
          </span>
        </>
      )}
    </span>
  )
}
