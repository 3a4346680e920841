import { LazyShell } from './_ui/lazy-shell'
import { Empty } from './_ui/states'

export default function NotFound() {
  return (
    <LazyShell crumbs={[{ label: 'Not found' }]}>
      <Empty
        level={1}
        title="Nothing is stored under this address"
        action={
          <a className="button" href="/">
            All runs
          </a>
        }
      >
        <p>The run, layer or share link does not exist here, or its name is spelt differently.</p>
      </Empty>
    </LazyShell>
  )
}
