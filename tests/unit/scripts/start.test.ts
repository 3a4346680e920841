import { spawnSync } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'

it('npm start on a port in use says so at once and ends, before it touches anything', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const started = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/start.ts'], {
    env: { ...process.env, PORT: String(port), HOST: '127.0.0.1' },
    encoding: 'utf8',
  })
  other.close()
  expect(started.status).toBe(2)
  expect(started.stderr).toContain(`port ${port} of 127.0.0.1 is in use`)
  expect(started.stdout).toBe('')
})
