'use client'

import { metricScales } from '../_charts/colour'
import { isExact } from '../_charts/series'
import { UNetPlace } from '../_charts/unet-place'
import { KeyFigure, Sentence } from '../_ui/card'
import { formatCount, formatDb, formatFixed, formatPercent, formatScale, formatSqnr } from '../_ui/format'
import { type LayerFinding, ordinal } from './layer-finding'
import { keptWords, kernelOf, weightCount } from './layer-words'
import type { LayerViewData } from './load-layer'
import { partingDb } from './run-finding'

function sqnrFigure(sqnr: number | null | undefined): { value: string; unit?: string } {
  if (sqnr === null || sqnr === undefined) return { value: '–' }
  return { value: formatSqnr(sqnr), unit: isExact(sqnr) ? undefined : 'dB' }
}

type LayerHeadProps = {
  data: LayerViewData
  finding: LayerFinding | null
  at: number
  t: number | null
  loading: boolean
  /** Where another layer is; absent in a frozen view. */
  hrefOf?: (id: string) => string
}

/** What the layer is and what was found of it: in a sentence, in key figures, in its place in the U-Net. */
export function LayerHead({ data, finding, at, t, loading, hrefOf }: LayerHeadProps) {
  const { record, run, layers } = data
  const { layer, precision, weights, alignment } = record
  const values = Object.fromEntries(layers.map((other) => [other.layer.id, other.sqnr?.[at] ?? null]))
  const student = run.role === 'student'
  return (
    <div className="layer-head" aria-busy={loading}>
      <div>
        <h1 className="mono">{layer.id}</h1>
        <p className="caption">
          {layer.kind} {layer.kind === 'conv' && `${kernelOf(layer)}, `}
          {layer.inChannels} → {layer.outChannels}
          {layer.kind === 'conv' && layer.resolution > 0 && `, ${layer.resolution} × ${layer.resolution}`} ·{' '}
          {precision.bases === 0
            ? keptWords(precision)
            : `${precision.method}, ${precision.bases === 2 ? '2 bases' : '1 basis'}, ${
                precision.activationBits === 32 ? 'float' : `${precision.activationBits}-bit`
              } input`}{' '}
          · {formatCount(weightCount(layer))} weights
        </p>
        <Sentence>
          <LayerSentence data={data} finding={finding} />
        </Sentence>
        {loading && (
          <p className="small soft" role="status">
            Loading the checkpoint …
          </p>
        )}
      </div>
      {student && (
        <dl className="figure-list">
          <KeyFigure
            name="Weights, SQNR ↑"
            {...(precision.bases === 0
              ? { value: 'kept' }
              : weights.latent
                ? sqnrFigure(weights.reconstruction?.sqnr)
                : { value: 'not stored' })}
          />
          <KeyFigure name={`Output, t ${t ?? '–'} ↑`} {...sqnrFigure(alignment?.sqnr[at])} />
          <KeyFigure name="Output, mean over t ↑" {...sqnrFigure(finding?.mean)} />
        </dl>
      )}
      {!layer.shape && (
        <UNetPlace
          layers={layers.map((other) => other.layer)}
          values={values}
          scale={metricScales.sqnr}
          selected={layer.id}
          hrefOf={hrefOf}
          label={`Place of ${layer.id} in the U-Net${t === null ? '' : `, layers coloured by output SQNR at t ${t}`}`}
        />
      )}
    </div>
  )
}

function LayerSentence({ data, finding }: { data: LayerViewData; finding: LayerFinding | null }) {
  const { run, record } = data
  const moments = record.weights.latent?.moments
  if (run.role === 'teacher' && moments)
    return (
      <>
        The full-precision weights spread by <b>{formatScale(moments.std)}</b> around{' '}
        {formatScale(moments.mean)}
        {moments.kurtosis !== null && (
          <>
            {' '}
            with kurtosis <b>{formatFixed(moments.kurtosis, 1)}</b> (a Gaussian has 3)
          </>
        )}
        .
      </>
    )
  const { bases } = record.precision
  return (
    <>
      {bases === 0 ? (
        <>This layer is kept in {keptWords(record.precision)}. </>
      ) : record.weights.reconstruction === null ? (
        <>Its latent weights are not stored in this checkpoint. </>
      ) : (
        <>
          {bases === 2 ? 'Two bases hold' : 'One basis holds'} the latent weights at{' '}
          <b>{formatDb(record.weights.reconstruction?.sqnr)}</b>.{' '}
        </>
      )}
      {finding ? <FindingSentence finding={finding} /> : <>Its output was not measured.</>}
    </>
  )
}

function FindingSentence({ finding }: { finding: LayerFinding }) {
  const { parting, worst, exact, drowned, rank } = finding
  if (isExact(worst.value)) return <>Its output equals the teacher’s at every timestep, within float32.</>
  return (
    <>
      The output {parting.kind === 'never' && <>stays at {partingDb} dB or better at every timestep</>}
      {parting.kind === 'always' && <>is below {partingDb} dB from the first timestep to the last</>}
      {parting.kind === 'from' && <>follows the teacher until t ≈ {parting.t}, then parts</>}
      {parting.kind === 'between' && (
        <>
          drops below {partingDb} dB between t ≈ {parting.t} and {parting.until}, then finds back
        </>
      )}
      ; it is furthest at t = {worst.t} (<b>{formatDb(worst.value)}</b>).
      {exact > 0 && (
        <> At {formatPercent(exact)} of the timesteps it is exact; the mean is over the others.</>
      )}
      {drowned > 0 && <> At {formatPercent(drowned)} of the timesteps the error is larger than the signal.</>}
      {rank && (
        <>
          {' '}
          {rank.place === 1 ? 'Worst' : `${ordinal(rank.place)} worst`} of {rank.of} binarized layers.
        </>
      )}
    </>
  )
}
