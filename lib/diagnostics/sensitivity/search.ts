/**
 * Which parts of a network deserve more bits: a choice of one option per part under a budget, by the harm each does on its own.
 * Harms are taken to add up, which is a first guess: what a choice really does is measured afterwards.
 */

/** One way to run a part. harm: error it adds to the teacher's; cost: in the unit of the budget. */
export type Option = { bases: 0 | 1 | 2; cost: number; harm: number }

export type Choice = {
  /** Place of the chosen option, part by part. */
  chosen: readonly number[]
  /** Of all parts together. */
  cost: number
  harm: number
}

/** One step up: part `part` goes to option `to` for more cost and less harm. */
type Upgrade = { part: number; to: number; cost: number; harm: number }

/**
 * The choices a greedy search passes through, cheapest first: it begins with the cheapest option of every part and each time
 * takes the upgrade that saves most harm per cost, among those that still fit `budget`. Without a budget the choices lie on the
 * lower convex hull of all there are: none with as little harm costs less than the line between two of them. Empty if the
 * cheapest choice exceeds the budget. Options of a part in any order; at least one each, with finite numbers.
 */
export function greedyChoices(parts: readonly (readonly Option[])[], budget = Infinity): Choice[] {
  const hulls = parts.map(lowerHull)
  const chosen = hulls.map((hull) => hull[0]!)
  const total = (of: (option: Option) => number) =>
    parts.reduce((sum, options, i) => sum + of(options[chosen[i]!]!), 0)
  const now = (): Choice => ({
    chosen: [...chosen],
    cost: total(({ cost }) => cost),
    harm: total(({ harm }) => harm),
  })
  const choices = [now()]
  if (choices[0]!.cost > budget) return []
  // along a hull the ratio only falls, so the upgrades of a part come in their order
  const upgrades = hulls.flatMap((hull, part) => upgradesOf(parts[part]!, hull, part))
  upgrades.sort((a, b) => b.harm / b.cost - a.harm / a.cost)
  const stuck = new Set<number>()
  for (const { part, to, cost } of upgrades) {
    if (stuck.has(part)) continue
    if (choices.at(-1)!.cost + cost > budget) {
      stuck.add(part)
      continue
    }
    chosen[part] = to
    choices.push(now())
  }
  return choices
}

function upgradesOf(options: readonly Option[], hull: readonly number[], part: number): Upgrade[] {
  return hull.slice(1).map((to, i) => {
    const [from, next] = [options[hull[i]!]!, options[to]!]
    return { part, to, cost: next.cost - from.cost, harm: from.harm - next.harm }
  })
}

/** Places of the options that are worth having: cost rises, harm falls, and ever less per cost. */
function lowerHull(options: readonly Option[]): number[] {
  const order = [...options.keys()].sort(
    (a, b) => options[a]!.cost - options[b]!.cost || options[a]!.harm - options[b]!.harm,
  )
  const hull: number[] = []
  for (const next of order) {
    const { cost, harm } = options[next]!
    const last = hull.at(-1)
    if (last !== undefined && options[last]!.harm <= harm) continue
    const above = () => {
      const [a, b] = [options[hull.at(-2)!]!, options[hull.at(-1)!]!]
      return (a.harm - b.harm) * (cost - b.cost) <= (b.harm - harm) * (b.cost - a.cost)
    }
    while (hull.length > 1 && above()) hull.pop()
    hull.push(next)
  }
  return hull
}

/** Places of the points that no other beats in cost and error at once; null errors are beaten by all. */
export function paretoFront(points: readonly { cost: number; error: number | null }[]): number[] {
  const beaten = ({ cost, error }: { cost: number; error: number | null }) =>
    error === null ||
    points.some(
      (other) =>
        other.error !== null &&
        other.cost <= cost &&
        other.error <= error &&
        (other.cost < cost || other.error < error),
    )
  return points.flatMap((point, i) => (beaten(point) ? [] : [i]))
}
