import type { SamplerName } from '../../lib/diffusion/sample'
import type { Wanted } from '../../lib/unet/reading'
import type { WorkerFault } from './fault'

/** A stored network, as a worker fetches and reads it. */
export type StoredNetwork = {
  /** Key of the stored file. */
  sha256: string
  /** Token of the share link it is drawn from, if it is. */
  share?: string
  fileName: string
  bytes: number
  /** Id of the checkpoint, where the server is to pack it first, since its file holds latent weights. */
  packedFrom?: string
  /** The configuration the checkpoint was stored with. */
  config: Record<string, unknown>
  /** Which network of the file, and how it was read. */
  wanted: Wanted
}

/** What one network draws. Equal jobs give equal pictures, in any tab and on any machine. */
export type SampleJob = StoredNetwork & {
  /** What runs it: tfjs, or the one-bit engine. */
  arithmetic: 'floats' | 'one bit'
  /** Threads of the engine where the page is isolated from other sites; tfjs has one. */
  threads: number
  /** Layers at another precision than stored, and the teacher whose weights that may take; null draws the network as it is. */
  switched: { switches: string; teacher: StoredNetwork } | null
  seed: number
  sampler: SamplerName
  steps: number
  images: number
}

/**
 * To the sampler. A new run ends the one under way after its current step. Each step waits for its turn, which comes
 * when no other network steps: its time is then that of this network alone.
 */
export type SamplerRequest =
  | { kind: 'run'; run: number; job: SampleJob }
  | { kind: 'turn'; run: number }
  | { kind: 'cancel' }

/** From the sampler, each with the number of the run it belongs to. */
export type SamplerReply = { run: number } & (
  | {
      /** The network is ready for its first turn. */
      kind: 'start'
      /** Shape of x: images, C, S, S. */
      shape: [number, number, number, number]
      /** Pixels per side that one position of x stands for. */
      pixelUnshuffle: number
      /** Timesteps the network will be asked at, descending. */
      timesteps: number[]
      /** Bytes this worker fetched so far for the network's own file. */
      fetchedBytes: number
      /** Tensors alive in this worker before the network was uploaded. */
      tensorsBefore: number
    }
  | {
      kind: 'step'
      /** Index into timesteps. */
      index: number
      /** What the network saw, and the clean images it predicts from that; NCHW. */
      xt: Float32Array<ArrayBuffer>
      x0: Float32Array<ArrayBuffer>
      /** Time of the forward pass. */
      ms: number
      /** Bytes of the WebAssembly memory the network runs in, at their most so far. */
      memoryBytes: number
    }
  | {
      kind: 'end'
      /** x after the last update; null if the run was cancelled. */
      final: Float32Array<ArrayBuffer> | null
      /** Tensors alive in this worker after everything was disposed. */
      tensorsAfter: number
    }
  | { kind: 'fault'; fault: WorkerFault }
)
