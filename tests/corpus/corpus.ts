/** Hostile and odd files, made at test time: what every reader must refuse, and what it must read right. */
import type { Case } from './case'
import { legacyStreams } from './legacy'
import { legal } from './legal'
import { lyingTensors } from './lying-tensors'
import { masquerades } from './masquerades'
import { oddNames } from './names'
import { numpy } from './numpy'
import { pickleAttacks } from './pickle-attacks'
import { pickleMachine } from './pickle-machine'
import { safetensorsHeaders } from './safetensors-header'
import { safetensorsJson } from './safetensors-json'
import { safetensorsLayout } from './safetensors-layout'
import { zips } from './zips'

export const corpus: Case[] = [
  ...safetensorsHeaders,
  ...safetensorsJson,
  ...safetensorsLayout,
  ...oddNames,
  ...masquerades,
  ...zips,
  ...pickleAttacks,
  ...pickleMachine,
  ...lyingTensors,
  ...numpy,
  ...legacyStreams,
  ...legal,
]
