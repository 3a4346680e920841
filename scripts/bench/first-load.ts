/** The JavaScript that a page loads before anything is done with it. */
import { ask } from './browse-load'

/** Addresses of the scripts a page names, or has fetched ahead; those for browsers without modules are left out. */
export function scriptsOf(html: string): string[] {
  const attribute = (tag: string, name: string) => new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1]
  const scripts = html.match(/<script\b[^>]*>/gi) ?? []
  const ahead = (html.match(/<link\b[^>]*>/gi) ?? []).filter(
    (tag) =>
      attribute(tag, 'rel') === 'modulepreload' ||
      (attribute(tag, 'rel') === 'preload' && attribute(tag, 'as') === 'script'),
  )
  const addresses = [
    ...scripts.filter((tag) => !/\bnomodule\b/i.test(tag)).map((tag) => attribute(tag, 'src')),
    ...ahead.map((tag) => attribute(tag, 'href')),
  ]
  return [...new Set(addresses.flatMap((address) => address ?? []))]
}

/** Bytes of them as sent, gzipped. Throws where one is not there. */
export async function firstLoadBytes(url: string): Promise<number> {
  const html = await (await fetch(url)).text()
  let bytes = 0
  for (const address of scriptsOf(html)) {
    const answer = await ask(new URL(address, url).href)
    if (answer.status !== 200) throw new Error(`${address} answers ${answer.status}`)
    bytes += answer.bytes
  }
  return bytes
}
