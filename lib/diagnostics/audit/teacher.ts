/** Whether a student was trained at all, told by its teacher. */
import type { Finding } from '../../record/audit'
import { binarized, type NetworkFacts } from './facts'
import { found, number } from './kinds'

export function teacherFindings(facts: NetworkFacts): Finding[] {
  if (!facts.student) return []
  if (!facts.hasTeacher)
    return [
      found(
        'teacher-missing',
        null,
        'Without its teacher it cannot be told whether the student was trained.',
        [],
      ),
    ]
  const layers = binarized(facts).filter(({ teacher }) => teacher !== null)
  if (layers.length === 0) return []
  const evidence = [number('binarized', layers.length, 'layers')]
  const identical = layers.filter(({ teacher }) => teacher!.identical)
  const unflipped = layers.every(({ teacher }) => teacher!.flips === 0)
  if (facts.step === 0 && unflipped)
    return [found('student-at-start', null, 'All its signs are the teacher’s, as before training.', evidence)]
  if (identical.length === layers.length)
    return [
      found(
        'student-equals-teacher',
        null,
        'All its binarized layers have exactly the teacher’s weights.',
        evidence,
      ),
    ]
  if (unflipped) return [found('signs-equal-teacher', null, 'All its signs are the teacher’s.', evidence)]
  return identical.map(({ layer, weights }) =>
    found(
      'layer-untrained',
      layer.id,
      'Its weights are exactly the teacher’s, those of other layers are not.',
      [number('equal', weights.count, 'weights')],
    ),
  )
}
