import { formatCount, formatDb } from '../_ui/format'
import type { Agreement } from './agreement'

type AgreementWordsProps = { agreement: Agreement; steps: number; againstTeacher: number | null }

/** What the student's two ways of running make of the same noise. `againstTeacher`: SQNR of the samples shown, dB. */
export function AgreementWords({ agreement, steps, againstTeacher }: AgreementWordsProps) {
  const { pixels, differing, largest, sqnr, parting } = agreement
  if (differing === 0)
    return <>Simulated and at one bit the student draws the same pictures, byte for byte.</>
  return (
    <>
      Simulated and at one bit the student’s pictures differ in <b>{formatCount(differing)}</b> of{' '}
      {formatCount(pixels)} pixels, by <b>{largest}</b> of 255 grey levels at most; their SQNR is{' '}
      <b>{formatDb(sqnr)}</b>
      {againstTeacher !== null && <> (against the teacher {formatDb(againstTeacher)})</>}.{' '}
      {parting
        ? `Their states part by more than a grey level from t = ${parting.t} on, step ${parting.step + 1} of ${steps}.`
        : 'Their states stay within a grey level up to the last step.'}{' '}
      Both take the same sums of the same codes; floats around them are added in another order, so that an
      input on the edge of two codes may be rounded to the other one, and every step builds on the last.
    </>
  )
}
