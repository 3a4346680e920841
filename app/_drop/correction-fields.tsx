'use client'

import type { ReactNode } from 'react'
import type { ScheduleName } from '../../lib/record/run'
import { readingNames } from '../../lib/unet/reading-name'
import { scheduleWords } from '../_ui/network-names'
import type { Outline } from '../_workers/inspect-dropped'
import type { Corrections, Overrides } from './corrections'

const readingWords: Record<(typeof readingNames)[number], string> = {
  stored: 'stored: scales and steps of the file',
  full: 'full: latent weights, float activations',
  w_only: 'w_only: float activations',
  w_a_frozen: 'w_a_frozen: steps of the file at 8 bits',
  reload: 'reload: scales and steps computed anew, as BinaryDM does on loading',
  as_published: 'as_published: computed anew, at 8 bits',
}

type FieldsProps = {
  /** What the network is with the corrections so far. */
  outline: Outline
  corrections: Corrections
  onChange: (corrections: Corrections) => void
}

/** What names and shapes do not tell: image size, heads, norm groups, whose sampler. */
export function ConfigFields({ outline, corrections, onChange }: FieldsProps) {
  const { config } = outline
  const set = (change: Overrides) =>
    onChange({ ...corrections, config: { ...corrections.config, ...change } })
  return (
    <>
      <NumberBox
        label="Image size"
        value={config.sampleSize}
        onChange={(sampleSize) => set({ sampleSize })}
      />
      {config.family !== 'ddim' && (
        <>
          <Choice
            label="Attention heads"
            value={config.headChannels === null ? 'number' : 'width'}
            options={[
              ['width', 'heads of a width'],
              ['number', 'a number of heads'],
            ]}
            onChange={(kind) =>
              set(kind === 'width' ? { headChannels: 32 } : { headChannels: null, heads: config.heads })
            }
          />
          {config.headChannels === null ? (
            <NumberBox
              label="Heads"
              value={config.heads}
              onChange={(heads) => set({ headChannels: null, heads })}
            />
          ) : (
            <NumberBox
              label="Channels per head"
              value={config.headChannels}
              onChange={(headChannels) => set({ headChannels })}
            />
          )}
        </>
      )}
      {config.family === 'diffusers' && (
        <NumberBox
          label="Norm groups"
          value={config.normGroups}
          onChange={(normGroups) => set({ normGroups })}
        />
      )}
      <Choice
        label="Sampler conventions of"
        value={corrections.schedule ?? ''}
        options={[['', `its family (${scheduleWords[config.family]})`], ...Object.entries(scheduleWords)]}
        onChange={(name) => onChange({ ...corrections, schedule: (name || null) as ScheduleName | null })}
      />
    </>
  )
}

/** Reading, bits and bases of a student, which together are one name: reload_a4.1. */
export function ReadingFields({ corrections, onChange }: Omit<FieldsProps, 'outline'>) {
  const [, name = 'stored', bits = '', bases = ''] =
    /^([a-z_]+?)(?:_a(4|8))?(?:\.(1|2|rule))?$/.exec(corrections.mode) ?? []
  const set = (name: string, bits: string, bases: string) =>
    onChange({ ...corrections, mode: `${name}${bits && `_a${bits}`}${bases && `.${bases}`}` })
  return (
    <>
      <Choice
        label="Reading"
        value={name}
        options={readingNames.map((name) => [name, readingWords[name]])}
        onChange={(name) => set(name, bits, bases)}
      />
      <Choice
        label="Bits of activations"
        value={bits}
        options={[
          ['', 'as found'],
          ['4', '4'],
          ['8', '8'],
        ]}
        onChange={(bits) => set(name, bits, bases)}
      />
      <Choice
        label="Bases per layer"
        value={bases}
        options={[
          ['', 'as found'],
          ['rule', 'by the rule of block numbers'],
          ['1', 'one everywhere'],
          ['2', 'two everywhere'],
        ]}
        onChange={(bases) => set(name, bits, bases)}
      />
    </>
  )
}

type ChoiceProps = {
  label: string
  value: string
  options: [value: string, words: string][]
  onChange: (value: string) => void
}

/** A labelled select. */
export function Choice({ label, value, options, onChange }: ChoiceProps): ReactNode {
  return (
    <label>
      {label}
      <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}

type NumberBoxProps = { label: string; value: number; onChange: (value: number) => void }

/** Takes effect on Enter or when left, so that half a number is never read. */
function NumberBox({ label, value, onChange }: NumberBoxProps) {
  const take = (input: HTMLInputElement) => {
    const next = Number(input.value)
    if (Number.isSafeInteger(next) && next > 0 && next !== value) onChange(next)
    else input.value = String(value)
  }
  return (
    <label>
      {label}
      <input
        key={value}
        className="field number"
        type="number"
        min={1}
        defaultValue={value}
        onBlur={(event) => take(event.target)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          take(event.currentTarget)
        }}
      />
    </label>
  )
}
