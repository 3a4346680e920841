/** A process that sweeps the store over and over until it is told to stop, as if every upload were more than a day old. */
import { sweepBlobs } from '../../lib/store/blobs'

let goesOn = true
process.once('SIGTERM', () => {
  goesOn = false
})
let removed = 0
console.log('ready')
while (goesOn) {
  const { orphans, unused } = await sweepBlobs(Date.now() + 25 * 3600 * 1000)
  removed += orphans + unused
  // Lets the signal in.
  await new Promise((resolve) => setImmediate(resolve))
}
console.log(JSON.stringify({ removed }))
process.exit()
