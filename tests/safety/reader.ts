/** A process that reads what is newest, over and over, until it is told to stop: one line of JSON, {reads, errors}. */
import { getLayers } from '../../lib/store/layers'
import { listRuns } from '../../lib/store/runs'

let [reads, errors] = [0, 0]
let goesOn = true
process.once('SIGTERM', () => {
  goesOn = false
})
while (goesOn) {
  try {
    const [newest] = await listRuns()
    if (newest) await getLayers(newest.checkpoints.at(-1)!.id)
    reads++
  } catch (error) {
    console.error(error)
    errors++
  }
  // Lets the signal in.
  await new Promise((resolve) => setTimeout(resolve, 20))
}
console.log(JSON.stringify({ reads, errors }))
process.exit()
