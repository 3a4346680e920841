/** What the card of switches and its result are given. */
import type { Switches } from '../../lib/record/switches'
import type { SampleNetwork } from '../_views/load-sample'
import type { SampleFinding } from './trace'

export type WhatIfProps = {
  student: SampleNetwork
  switches: Switches
  onChange: (switches: Switches) => void
  /** Of the samples as they are drawn now, and of the network as stored; null until they are known. */
  now: SampleFinding | null
  stored: SampleFinding | null
}
