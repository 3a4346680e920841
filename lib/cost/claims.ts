/**
 * What BinaryDM's versions say their networks cost, beside what the conventions give for the same networks. Printed figures
 * of v1 are read from pictures of its tables in a course write-up (effml-postech, spring 2024), those of mid from its
 * authors' repository, those of v5 from its text. "MB" there is MiB.
 */
import type { Layer } from '../record/run'
import { type BitPlan, plannedBits } from './bits'
import { type CountedConvention, conventions, costOf } from './conventions'
import { float32Bytes } from './ledger'

export const claimedNetworks = ['LDM-4', 'LDM-8'] as const
export type ClaimedNetwork = (typeof claimedNetworks)[number]

/** All values of the U-Net: LSUN-Bedrooms and FFHQ have LDM-4, LSUN-Churches LDM-8. */
const parametersOf: Record<ClaimedNetwork, number> = { 'LDM-4': 274_056_163, 'LDM-8': 294_966_916 }

export type Network = { layers: readonly Layer[]; parameters: number }

export type Claim = {
  version: 'v1' | 'mid' | 'v5'
  network: ClaimedNetwork
  /** What the figure is of, e.g. 'BinaryDM W1A4, size'. */
  what: string
  unit: 'MB' | 'GFLOPs' | 'GOPs' | 'x'
  /** As printed, so that its last digit is known. */
  printed: string
  /** How `ours` comes about. */
  formula: string
  /** What is known of a difference. */
  note?: string
  ours(network: Network): number
}

/** exact: the printed digits; close: within 0.2 %; apart: the printed figure cannot be reproduced this way. */
export type ClaimStatus = 'exact' | 'close' | 'apart'

export type ComparedClaim = Omit<Claim, 'ours'> & {
  ours: number
  /** Share of the printed figure that ours is above it. */
  difference: number
  status: ClaimStatus
}

const closeShare = 0.002

/** The network of the papers that this one has the size of; null if it is none. */
export function claimedNetwork({ parameters }: Pick<Network, 'parameters'>): ClaimedNetwork | null {
  return claimedNetworks.find((name) => parametersOf[name] === parameters) ?? null
}

/** Every claim about `name`, worked out on its layers. */
export function compareClaims(name: ClaimedNetwork, network: Network): ComparedClaim[] {
  return claims
    .filter((claim) => claim.network === name)
    .map(({ ours: work, ...claim }) => {
      const ours = work(network)
      const difference = ours / Number(claim.printed) - 1
      const decimals = claim.printed.split('.')[1]?.length ?? 0
      const exact = ours.toFixed(decimals) === claim.printed
      const status = exact ? 'exact' : Math.abs(difference) <= closeShare ? 'close' : 'apart'
      return { ...claim, ours, difference, status }
    })
}

const plan = (weight: number, activation: number, more: Partial<BitPlan> = {}): BitPlan => ({
  weight,
  activation,
  kept: 32,
  twoBases: null,
  ...more,
})

const cost = ({ layers, parameters }: Network, convention: CountedConvention, bits: BitPlan) =>
  costOf({ layers, parameters, bits: plannedBits(layers, bits) }, convention)

const mebibytes = (convention: CountedConvention, bits: BitPlan) => (network: Network) =>
  cost(network, convention, bits).bytes.counted / 2 ** 20

const giga = (convention: CountedConvention, bits: BitPlan) => (network: Network) => {
  const { operations, giga } = cost(network, convention, bits)
  return operations!.counted / giga
}

const size = (
  claim: Pick<Claim, 'version' | 'network' | 'what' | 'printed'> & Partial<Pick<Claim, 'note' | 'formula'>>,
  convention: CountedConvention,
  bits: BitPlan,
): Claim => ({
  unit: 'MB',
  formula: conventions[convention].bytes.formula,
  ours: mebibytes(convention, bits),
  ...claim,
})

const operations = (
  claim: Pick<Claim, 'version' | 'network' | 'what' | 'printed'> & Partial<Pick<Claim, 'note'>>,
  convention: CountedConvention,
  bits: BitPlan,
): Claim => ({
  unit: convention === 'v1' ? 'GFLOPs' : 'GOPs',
  formula: conventions[convention].operations.formula,
  ours: giga(convention, bits),
  ...claim,
})

const operationsRatio = (
  claim: Pick<Claim, 'version' | 'network' | 'what' | 'printed' | 'note'>,
  convention: CountedConvention,
  bits: BitPlan,
): Claim => ({
  unit: 'x',
  formula: `all MACs / (${conventions[convention].operations.formula})`,
  ours: (network) => cost(network, convention, bits).operations!.ratio,
  ...claim,
})

/** A ratio of two figures the version prints itself. */
const printedRatio = (
  claim: Pick<Claim, 'version' | 'network' | 'what' | 'printed'> & Partial<Pick<Claim, 'note'>>,
  full: number,
  counted: number,
): Claim => ({
  unit: 'x',
  formula: `${full} / ${counted}, both as printed`,
  ours: () => full / counted,
  ...claim,
})

const nothingKept = { kept: null }
const keptLayersUnknown =
  'Fits if 0.33e9 to 0.37e9 MACs stayed in full precision; the layers the released code keeps have 0.05e9.'
const v5SizeUnknown = 'No formula found; the 2- and 4-bit rows of the same table follow this one.'

const v1Table = (
  network: ClaimedNetwork,
  printed: Record<'fp' | 'w4a4' | 'w2a4' | 'w1a8' | 'w1a4', string>,
) => [
  operations(
    { version: 'v1', network, what: 'full precision, operations', printed: printed.fp },
    'v1',
    plan(32, 32),
  ),
  operations({ version: 'v1', network, what: 'W4A4, operations', printed: printed.w4a4 }, 'v1', plan(4, 4)),
  operations({ version: 'v1', network, what: 'W2A4, operations', printed: printed.w2a4 }, 'v1', plan(2, 4)),
  operations(
    { version: 'v1', network, what: 'BinaryDM W1A8, operations', printed: printed.w1a8 },
    'v1',
    plan(1, 8, { twoBases: 'v1' }),
  ),
  operations(
    { version: 'v1', network, what: 'BinaryDM W1A4, operations', printed: printed.w1a4 },
    'v1',
    plan(1, 4, { twoBases: 'v1' }),
  ),
]

const fullSize = (network: ClaimedNetwork, printed: string): Claim => ({
  version: 'v1',
  network,
  what: 'full precision, size',
  unit: 'MB',
  printed,
  formula: '4 bytes per value',
  ours: ({ parameters }) => (float32Bytes * parameters) / 2 ** 20,
})

const secondScales =
  'As v1 counts, with 32-bit scales of the second basis too; which blocks v1 has two bases in is not told.'

/** v1's size and 32-bit scales of the second basis on top. */
const withSecondScales = (bits: BitPlan) => (network: Network) => {
  const doubled = plannedBits(network.layers, bits).map(({ bases }) => bases === 2)
  const channels = network.layers.reduce((n, layer, i) => n + (doubled[i] ? layer.outChannels : 0), 0)
  return mebibytes('v1', bits)(network) + (float32Bytes * channels) / 2 ** 20
}

export const claims: readonly Claim[] = [
  ...v1Table('LDM-4', { fp: '89.43', w4a4: '22.36', w2a4: '11.18', w1a8: '11.18', w1a4: '5.59' }),
  ...v1Table('LDM-8', { fp: '17.36', w4a4: '4.34', w2a4: '2.17', w1a8: '2.17', w1a4: '1.09' }),
  ...claimedNetworks.map((network) =>
    operationsRatio(
      {
        version: 'v1',
        network,
        what: 'BinaryDM W1A4, operations saved',
        printed: '16.0',
        note: '64 / (1 * 4) for any network.',
      },
      'v1',
      plan(1, 4, { twoBases: 'v1' }),
    ),
  ),

  fullSize('LDM-4', '1045.4'),
  fullSize('LDM-8', '1125.2'),
  size({ version: 'v1', network: 'LDM-4', what: 'baseline W1, size', printed: '36.8' }, 'v1', plan(1, 4)),
  size({ version: 'v1', network: 'LDM-8', what: 'baseline W1, size', printed: '38.4' }, 'v1', plan(1, 4)),
  size({ version: 'v1', network: 'LDM-4', what: 'LSQ W2, size', printed: '69.3' }, 'v1', plan(2, 4)),
  size({ version: 'v1', network: 'LDM-8', what: 'LSQ W2, size', printed: '73.5' }, 'v1', plan(2, 4)),
  size(
    { version: 'v1', network: 'LDM-4', what: 'Q-Diffusion W4, size', printed: '131.0' },
    'v1',
    plan(4, 4, nothingKept),
  ),
  size(
    { version: 'v1', network: 'LDM-8', what: 'Q-Diffusion W4, size', printed: '141.2' },
    'v1',
    plan(4, 4, nothingKept),
  ),
  size(
    { version: 'v1', network: 'LDM-4', what: 'Q-Diffusion W8, size', printed: '261.7' },
    'v1',
    plan(8, 8, nothingKept),
  ),
  size(
    { version: 'v1', network: 'LDM-8', what: 'Q-Diffusion W2, size', printed: '70.9' },
    'v1',
    plan(2, 8, nothingKept),
  ),
  size(
    {
      version: 'v1',
      network: 'LDM-4',
      what: 'BinaryDM, size, second basis in the first 6 and last 5 blocks',
      printed: '40.8',
      note: 'The digits, from places the text does not give: the exact subset is not known.',
    },
    'v1',
    plan(1, 4, { twoBases: 'first-6-last-5' }),
  ),
  {
    version: 'v1',
    network: 'LDM-4',
    what: "BinaryDM, size, second basis in the released code's blocks",
    unit: 'MB',
    printed: '40.8',
    formula: `${conventions.v1.bytes.formula}, and of the second`,
    note: secondScales,
    ours: withSecondScales(plan(1, 4, { twoBases: 'released-code' })),
  },
  size(
    {
      version: 'v1',
      network: 'LDM-8',
      what: 'BinaryDM, size, second basis at feature scale 1/2 and above',
      printed: '41.5',
      note: 'The exact subset is not known.',
    },
    'v1',
    plan(1, 4, { twoBases: 'v1' }),
  ),
  {
    version: 'v1',
    network: 'LDM-8',
    what: 'BinaryDM, size, second basis at feature scale 1/2 and above, with its scales',
    unit: 'MB',
    printed: '41.5',
    formula: `${conventions.v1.bytes.formula}, and of the second`,
    note: secondScales,
    ours: withSecondScales(plan(1, 4, { twoBases: 'v1' })),
  },
  printedRatio(
    {
      version: 'v1',
      network: 'LDM-8',
      what: 'BinaryDM, storage saved (abstract)',
      printed: '27.1',
      note: 'The abstract gives the ratio of this network alone; LDM-4 has 25.6x.',
    },
    1125.2,
    41.5,
  ),
  printedRatio(
    {
      version: 'v1',
      network: 'LDM-4',
      what: 'BinaryDM, storage saved',
      printed: '25.6',
      note: 'Not printed as a ratio: it follows from the table, where the abstract says 27.1x.',
    },
    1045.4,
    40.8,
  ),

  operations(
    { version: 'mid', network: 'LDM-4', what: 'full precision, operations', printed: '96.0' },
    'mid',
    plan(32, 32),
  ),
  operations(
    { version: 'v5', network: 'LDM-4', what: 'W4A4, operations', printed: '24.3', note: keptLayersUnknown },
    'v5-eq17',
    plan(4, 4),
  ),
  operations(
    { version: 'v5', network: 'LDM-4', what: 'W2A4, operations', printed: '12.3', note: keptLayersUnknown },
    'v5-eq17',
    plan(2, 4),
  ),
  operations(
    {
      version: 'v5',
      network: 'LDM-4',
      what: 'BinaryDM W1A4, operations',
      printed: '6.3',
      note: keptLayersUnknown,
    },
    'v5-eq17',
    plan(1, 4),
  ),
  operationsRatio(
    {
      version: 'mid',
      network: 'LDM-4',
      what: 'BinaryDM W1.1A4, operations saved',
      printed: '9.3',
      note: '9.32x if 0.33e9 MACs stayed in full precision.',
    },
    'mid',
    plan(1, 4, { twoBases: 'released-code' }),
  ),
  printedRatio(
    { version: 'v5', network: 'LDM-4', what: 'BinaryDM W1A4, operations saved', printed: '15.2' },
    96.0,
    6.3,
  ),
  operationsRatio(
    {
      version: 'v5',
      network: 'LDM-4',
      what: 'BinaryDM W1A4, operations saved, from the layers',
      printed: '15.2',
      note: keptLayersUnknown,
    },
    'v5-eq17',
    plan(1, 4),
  ),
  {
    version: 'v5',
    network: 'LDM-4',
    what: 'high-order W1A4, operations',
    unit: 'GOPs',
    printed: '12.6',
    formula: '2 * 6.3, as printed: two bases everywhere',
    ours: () => 2 * 6.3,
  },

  size({ version: 'mid', network: 'LDM-4', what: 'baseline W1, size', printed: '37.3' }, 'mid', plan(1, 4)),
  size(
    { version: 'mid', network: 'LDM-4', what: 'BinaryDM W1.1, size', printed: '42.1' },
    'mid',
    plan(1, 4, { twoBases: 'released-code' }),
  ),
  size({ version: 'mid', network: 'LDM-4', what: 'LSQ W2, size', printed: '69.8' }, 'mid', plan(2, 4)),
  size({ version: 'mid', network: 'LDM-4', what: 'W4, size', printed: '134.9' }, 'mid', plan(4, 4)),
  size(
    { version: 'v5', network: 'LDM-4', what: 'Q-Diffusion W8, size', printed: '265.0' },
    'mid',
    plan(8, 8),
  ),
  size({ version: 'v5', network: 'LDM-8', what: 'LSQ W2, size', printed: '74.1' }, 'mid', plan(2, 4)),
  size({ version: 'v5', network: 'LDM-8', what: 'W4, size', printed: '144.2' }, 'mid', plan(4, 4)),
  printedRatio(
    { version: 'mid', network: 'LDM-4', what: 'BinaryDM W1.1, storage saved', printed: '24.8' },
    1045.4,
    42.1,
  ),
  size(
    { version: 'v5', network: 'LDM-4', what: 'BinaryDM W1, size', printed: '35.8', note: v5SizeUnknown },
    'v5-eq17',
    plan(1, 4),
  ),
  size(
    { version: 'v5', network: 'LDM-8', what: 'BinaryDM W1, size', printed: '38.1', note: v5SizeUnknown },
    'v5-eq17',
    plan(1, 4),
  ),
  printedRatio(
    { version: 'v5', network: 'LDM-4', what: 'BinaryDM W1, storage saved', printed: '29.2' },
    1045.4,
    35.8,
  ),
  size(
    {
      version: 'v5',
      network: 'LDM-4',
      what: 'high-order W1, size',
      printed: '70.2',
      note: 'Two bases everywhere.',
    },
    'mid',
    plan(1, 4, { twoBases: 'all' }),
  ),
]
