/** What was dropped, sorted: checkpoints, each with its shards, and configurations. */

/** A file and the folder it lay in, as far as the drop tells: 'runs/w1a4'; '' for a file by itself. */
export type DroppedFile = { file: File; folder: string }

/** A checkpoint: one file, or an index with its shards; `storedIn` is the run it was fetched from if it is stored here. */
export type Dropped = DroppedFile & { shards: File[]; storedIn?: string }

export type Sorted = { checkpoints: Dropped[]; configs: DroppedFile[] }

const checkpointName = /\.(safetensors|pt|pth|ckpt|bin|npz)$/i
const configName = /\.(json|ya?ml)$/i
const indexName = /^(.*)\.safetensors\.index(\.[\w-]+)?\.json$/i
const shardName = /^(.*?)-\d{5}-of-\d{5}\.safetensors$/i
/** Of a diffusers pipeline, or of Hugging Face tools: no network is configured there. */
const otherJson =
  /^(model_index|scheduler_config|preprocessor_config|tokenizer.*|trainer_state|special_tokens_map)\.json$/i

/**
 * Single files are taken as they are, so that each gets its answer; of folders what looks like a checkpoint or its
 * configuration, and of a diffusers pipeline the U-Net alone.
 */
export function sortDropped(files: readonly DroppedFile[]): Sorted {
  const pipelines = files.flatMap(({ file, folder }) => (file.name === 'model_index.json' ? [folder] : []))
  const wanted = files.filter(
    ({ folder }) => !pipelines.some((root) => inside(folder, root) && !isUNetOf(folder, root)),
  )
  const indexes = wanted.filter(({ file }) => indexName.test(file.name))
  const owned = new Map(indexes.map((index) => [index, shardsOf(index, wanted)]))
  const shards = new Set([...owned.values()].flat())
  const configs = wanted.filter(
    ({ file }) => configName.test(file.name) && !indexName.test(file.name) && !otherJson.test(file.name),
  )
  const rest = wanted.filter(
    (each) =>
      !configName.test(each.file.name) &&
      !shards.has(each) &&
      (each.folder === '' || checkpointName.test(each.file.name)),
  )
  return {
    checkpoints: [
      ...indexes.map((index) => ({ ...index, shards: owned.get(index)!.map(({ file }) => file) })),
      ...rest.map((each) => ({ ...each, shards: [] })),
    ],
    configs: configs.filter(
      ({ folder, file }) => folder === '' || isNearWeights(folder, file.name, rest, indexes),
    ),
  }
}

function shardsOf({ file, folder }: DroppedFile, files: readonly DroppedFile[]): DroppedFile[] {
  const stem = indexName.exec(file.name)![1]
  return files.filter((other) => other.folder === folder && shardName.exec(other.file.name)?.[1] === stem)
}

/** Folders hold many json files; a configuration lies with the weights, or is called what trainings call it. */
function isNearWeights(folder: string, name: string, ...weights: (readonly DroppedFile[])[]): boolean {
  return /config|project/i.test(name) || weights.flat().some((each) => each.folder === folder)
}

const inside = (folder: string, root: string): boolean =>
  root === '' || folder === root || folder.startsWith(`${root}/`)

const isUNetOf = (folder: string, root: string): boolean =>
  folder === root || folder === (root === '' ? 'unet' : `${root}/unet`)

/** Everything in dropped folders and beside them. Entries must be taken from the event before the first await. */
export async function filesBelow(entries: readonly FileSystemEntry[], folder = ''): Promise<DroppedFile[]> {
  const found: DroppedFile[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue
    if (entry.isFile) found.push({ file: await fileOf(entry as FileSystemFileEntry), folder })
    else {
      const below = await entriesOf(entry as FileSystemDirectoryEntry)
      found.push(...(await filesBelow(below, folder === '' ? entry.name : `${folder}/${entry.name}`)))
    }
  }
  return found.sort((a, b) => (a.folder + a.file.name < b.folder + b.file.name ? -1 : 1))
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject))

/** A reader hands out its entries in batches until one is empty. */
async function entriesOf(entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = entry.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (batch.length === 0) return all
    all.push(...batch)
  }
}
