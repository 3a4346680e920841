import { expect, it } from 'vitest'
import { scriptsOf } from '../../../../scripts/bench/first-load'

it('counts scripts once, with those fetched ahead, and none that only old browsers load', () => {
  const html = `
    <link rel="preload" as="script" fetchPriority="low" nonce="x" href="/a.js"/>
    <link rel="preload" as="style" href="/a.css"/>
    <link rel="stylesheet" href="/b.css"/>
    <script src="/a.js" async="" nonce="x"></script>
    <script src="/b.js" async=""></script>
    <script src="/old.js" noModule="" nonce="x"></script>
    <script nonce="x">self.src="/inline.js"</script>`
  expect(scriptsOf(html)).toEqual(['/a.js', '/b.js'])
})
