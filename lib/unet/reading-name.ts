/**
 * Readings of a student: one file can stand for several networks. Its latent floats, or their signs with the scales stored
 * beside them, or with scales computed anew from the floats; inputs in floats, or in steps that are stored, or computed
 * from every batch. A reading turns a checkpoint into another one, so that everything else is computed alike.
 *
 * By name (MODE on the command line):
 *   stored        as the checkpoint says
 *   full          latent floats, float activations
 *   w_only        binarized weights, float activations
 *   w_a_frozen    binarized weights, activations at the stored steps, 8 bits
 *   reload        what BinaryDM's released code computes after loading the file: it takes scales from the latent weights and steps
 *                 from every batch, whatever was learned
 *   as_published  the same at 8 bits, which is what that code is set to
 * A name may be followed by the bits of activations, `_a4` or `_a8`, and by the bases of the binarized layers, `.1`, `.2`
 * or `.rule`, which leaves them as they are: `as_published_a4.rule`, `w_only.2`.
 */
import { InputError } from '../tensor/error'

export type Reading = {
  weights: 'latent' | 'stored' | 'computed'
  activations: 'float' | 'stored' | 'per batch'
  /** Bits of quantized activations; null as the checkpoint has them. */
  bits: 4 | 8 | null
  /** Bases of every binarized layer; null as the checkpoint has them. */
  bases: 1 | 2 | null
}

const named = {
  stored: { weights: 'stored', activations: 'stored', bits: null },
  full: { weights: 'latent', activations: 'float', bits: null },
  w_only: { weights: 'stored', activations: 'float', bits: null },
  w_a_frozen: { weights: 'stored', activations: 'stored', bits: 8 },
  reload: { weights: 'computed', activations: 'per batch', bits: null },
  as_published: { weights: 'computed', activations: 'per batch', bits: 8 },
} as const satisfies Record<string, Omit<Reading, 'bases'>>

export type ReadingName = keyof typeof named

export const readingNames = Object.keys(named) as ReadingName[]

/** The reading a name stands for. `item` names the flag or field in an InputError. */
export function parseReading(text: string, item: string): Reading {
  const found = /^([a-z_]+?)(?:_a(4|8))?(?:\.(1|2|rule))?$/.exec(text)
  const name = readingNames.find((name) => name === found?.[1])
  if (!found || !name) {
    throw new InputError({
      file: item,
      problem: `${text} is no reading`,
      remedy: `Give one of ${readingNames.join(', ')}, with _a4 or _a8 for the bits and .1, .2 or .rule for the bases if wanted.`,
    })
  }
  const bits = found[2] === '4' ? 4 : found[2] === '8' ? 8 : named[name].bits
  const bases = found[3] === '1' ? 1 : found[3] === '2' ? 2 : null
  return { ...named[name], bits, bases }
}
