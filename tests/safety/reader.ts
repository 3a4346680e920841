/** A process that reads the newest checkpoint of a run ten times a second until it is told to stop: {reads, errors}. */
import { findCheckpoint } from '../../lib/store/checkpoints'

let [reads, errors] = [0, 0]
let goesOn = true
process.once('SIGTERM', () => {
  goesOn = false
})
while (goesOn) {
  try {
    await findCheckpoint('writer-0', null)
    reads++
  } catch (error) {
    console.error(error)
    errors++
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
}
console.log(JSON.stringify({ reads, errors }))
process.exit()
