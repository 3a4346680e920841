/** What every time projection of a checkpoint sees, on average. */
import { architecture } from '../../unet/architecture'
import { type Checkpoint, storedWeight } from '../../unet/checkpoint'
import { meanTimeInput } from '../../unet/time-input'
import { weightInUse } from './facts'

/** Mean |SiLU(time embedding)| over all t with the weights in use; null if the time MLP cannot be run. */
export function timeInputOf(checkpoint: Checkpoint): number | null {
  const { config, manifest, scales, tensors } = checkpoint
  return meanTimeInput(
    architecture(config),
    (id) => weightInUse(manifest[id]!, storedWeight(checkpoint, id), scales.get(id) ?? {}),
    (id) => tensors.get(`${id}.bias`)!.data,
  )
}
