import { describe, expect, it } from 'vitest'
import { LeftOnTable, type LeftOnTableProps, stacked } from '../../app/_charts/left-on-table'
import { SignBalance, type SignBalanceProps } from '../../app/_charts/sign-balance'
import { picture } from './picture'

describe('SignBalance', () => {
  const props: SignBalanceProps = {
    title: 'Balance of the signs',
    message: 'Share of signs +1 in 4 channels',
    fileName: 'balance',
    shares: [
      [0.5, 0.45, 0.6, 0.5],
      [0.5, 0.5, 0.5, 0.52],
    ],
    perChannel: 100,
    slot: 0,
    channel: 2,
    width: 400,
  }
  it('draws the first basis as marks and the second as rings, around one half', () => {
    const html = picture(<SignBalance {...props} />)
    expect(html).toContain('19 of 20 channels of 100 random signs')
    expect(html).toContain('second basis')
    expect(html).toMatchSnapshot()
  })
  it('of one basis speaks of no second', () => {
    expect(picture(<SignBalance {...props} shares={[props.shares[0]!]} />)).not.toContain('second basis')
  })
  it('keeps channels whose signs are all alike on the plane', () => {
    const html = picture(<SignBalance {...props} shares={[[0, 1, 0.5]]} channel={2} />)
    const ys = [...html.matchAll(/translate\([\d.]+,(-?[\d.]+)\)" style="fill/g)].map((m) => Number(m[1]))
    expect(ys).toHaveLength(3)
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(26)
    expect(Math.max(...ys)).toBeLessThanOrEqual(200)
  })
})

describe('LeftOnTable', () => {
  const props: LeftOnTableProps = {
    title: 'Left on the table',
    message: 'What the scales of 6 channels leave',
    fileName: 'left',
    left: [0, 0.01, 0.02, 0.3, 1.9, 0.3],
    slot: 0,
    channel: 3,
    width: 400,
  }
  it('stacks channels that leave alike, and names the one that leaves most', () => {
    const html = picture(<LeftOnTable {...props} />)
    expect(html).toMatch(/>4<\/text>/)
    expect(html).toMatchSnapshot()
  })
  it('draws hundreds of equal channels within its height', () => {
    const html = picture(<LeftOnTable {...props} left={Array.from({ length: 800 }, () => 0)} />)
    expect(Number(/<svg width="400" height="([\d.]+)"/.exec(html)![1])).toBeLessThan(220)
  })
  it('stacks in the order given', () => {
    expect(stacked([2, 0, 2, 2]).map(({ row }) => row)).toEqual([0, 0, 1, 2])
  })
})
