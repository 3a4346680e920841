import { Pixels } from './pixels'
import { RunName } from './run-mark'

export type SampleRow = {
  name: string
  slot: number | null
  samples: { width: number; height: number; channels: 1 | 3; images: string[] }
}

/** Images of the same noise under each other, per network one row where there is room for sixteen, else two. */
export function SampleRows({ rows, size = '100%' }: { rows: SampleRow[]; size?: number | string }) {
  return (
    <div className="sample-rows">
      {rows.map((row) => (
        <div key={row.name}>
          <RunName slot={row.slot} name={row.name} />
          <div className="thumbs">
            {row.samples.images.map((image, i) => (
              <Pixels
                key={i}
                pixels={image}
                width={row.samples.width}
                height={row.samples.height}
                channels={row.samples.channels}
                label={`Sample ${i} of ${row.name}`}
                size={size}
              />
            ))}
          </div>
        </div>
      ))}
    </div>
  )
}
