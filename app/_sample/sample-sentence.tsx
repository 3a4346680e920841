import { formatCosine, formatDb } from '../_ui/format'
import { partingDb } from '../_views/run-finding'
import type { SampleFinding } from './trace'

type SampleSentenceProps = {
  student: string
  /** Layers that are not as stored. */
  switched: number
  seed: number
  images: number
  finding: SampleFinding
}

/** "From the noise of seed 7 X follows its teacher until t = 280, then parts." */
export function SampleSentence({ student, switched, seed, images, finding }: SampleSentenceProps) {
  const { parting, finalSqnr, finalCosine } = finding
  return (
    <>
      From the noise of seed {seed}, <b>{student}</b>{' '}
      {switched > 0 && `with ${switched === 1 ? 'one layer' : `${switched} layers`} switched `}
      {parting.kind === 'never' && <>follows its teacher all the way (never below {partingDb} dB)</>}
      {parting.kind === 'always' && <>is below {partingDb} dB from the first step on</>}
      {parting.kind === 'from' && <>follows its teacher until t = {parting.t}, then parts</>}
      {parting.kind === 'between' && (
        <>
          drops below {partingDb} dB between t = {parting.t} and {parting.until}, then finds back
        </>
      )}
      . {images === 1 ? 'The finished image agrees' : `The ${images} finished images agree`} with the
      teacher’s to <b>{formatDb(finalSqnr)}</b> SQNR, cosine {formatCosine(finalCosine)}.
    </>
  )
}
