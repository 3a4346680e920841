/**
 * Pickles that ask a reader to run something. Every argument is echo-like: nothing would be harmed if one were run by
 * mistake, but no reader here may even look a name up.
 */
import { concat, type Part } from './build/bytes'
import { call, dict, integer, op, pickle, text, tuple } from './build/pickle'
import { plain, storageId, torchMembers, torchZip } from './build/torch'
import { zipOf } from './build/zip'
import { type Case, read, refused, t } from './case'

const echo = text('echo corpus')
const w = plain('0', [2])
const storage = [['0', Float32Array.of(1, 2)]] as const
const zip = (...ops: Part[]) => torchZip(pickle(...ops), storage)

/** The pickle is the attack. */
const attack = (file: string, says: string, ...ops: Part[]) =>
  refused(`attack-${file}.pt`, says, () => zip(...ops))
/** REDUCE of a global with these arguments. */
const calls = (file: string, module: string, name: string, ...args: Part[]) =>
  attack(file, `${module}.${name}`, call(module, name, ...args))
/** The attack stands beside a tensor that is all right. */
const beside = (file: string, says: string, value: Part) =>
  attack(
    file,
    says,
    dict([
      [text('w'), w],
      [text('x'), value],
    ]),
  )

const system = op.GLOBAL('os', 'system')

export const pickleAttacks: Case[] = [
  calls('reduce-os-system', 'os', 'system', echo),
  calls('reduce-posix-system', 'posix', 'system', echo),
  calls('reduce-nt-system', 'nt', 'system', echo),
  calls('reduce-popen', 'subprocess', 'Popen', tuple(text('echo'), text('corpus'))),
  calls('reduce-check-output', 'subprocess', 'check_output', tuple(text('echo'))),
  calls('reduce-eval', 'builtins', 'eval', text('"corpus"')),
  calls('reduce-exec', 'builtins', 'exec', text('pass')),
  calls('reduce-compile', 'builtins', 'compile', text('pass'), text('corpus'), text('exec')),
  calls('reduce-eval-of-python-2', '__builtin__', 'eval', text('"corpus"')),
  calls('reduce-getattr', 'builtins', 'getattr', text('corpus'), text('upper')),
  calls('reduce-import', 'builtins', '__import__', text('string')),
  calls('reduce-open', 'builtins', 'open', text('no-such-file-of-the-corpus')),
  calls('reduce-import-module', 'importlib', 'import_module', text('string')),
  calls('reduce-runpy', 'runpy', '_run_code', text('pass')),
  calls('reduce-pip', 'pip', 'main', tuple(text('--version'))),
  calls('reduce-timeit', 'timeit', 'timeit', text('pass')),
  calls('reduce-pdb', 'pdb', 'run', text('pass')),
  calls('reduce-code', 'code', 'InteractiveInterpreter'),
  calls('reduce-ctypes', 'ctypes', 'CDLL', text('no-such-library-of-the-corpus')),
  calls('reduce-webbrowser', 'webbrowser', 'open', text('about:blank')),
  calls('reduce-file-handler', 'logging', 'FileHandler', text('/dev/null')),
  calls('reduce-attrgetter', 'operator', 'attrgetter', text('upper')),
  calls('reduce-methodcaller', 'operator', 'methodcaller', text('upper')),
  attack('reduce-partial', 'functools.partial', call('functools', 'partial', text('corpus'))),
  calls('reduce-torch-load', 'torch', 'load', text('no-such-file-of-the-corpus')),
  calls('reduce-torch-hub', 'torch.hub', 'load', text('corpus')),
  calls('reduce-numpy-load', 'numpy', 'load', text('no-such-file-of-the-corpus')),
  calls('reduce-pickle-loads', 'pickle', 'loads', op.SHORT_BINBYTES('N.')),
  calls('reduce-rebuild-from-type', 'torch._tensor', '_rebuild_from_type_v2', system),
  calls('reduce-bz2', 'bz2', 'open', text('no-such-file-of-the-corpus')),

  attack('global-alone', 'os.system', system),
  attack('global-thrown-away', 'os.system', system, op.POP, dict([[text('w'), w]])),
  attack('inst', '0x69', op.MARK, echo, op.INST('os', 'system')),
  attack('obj', 'os.system', op.MARK, system, echo, op.OBJ),
  attack('obj-of-allowed', '0x6f', op.MARK, op.GLOBAL('collections', 'OrderedDict'), op.OBJ),
  attack('newobj', 'os.system', system, tuple(echo), op.NEWOBJ),
  attack('newobj-of-allowed', '0x81', op.GLOBAL('collections', 'OrderedDict'), op.EMPTY_TUPLE, op.NEWOBJ),
  attack('newobj-ex', 'os.system', system, tuple(echo), op.EMPTY_DICT, op.NEWOBJ_EX),
  attack(
    'newobj-ex-of-allowed',
    '0x92',
    op.GLOBAL('collections', 'OrderedDict'),
    op.EMPTY_TUPLE,
    op.EMPTY_DICT,
    op.NEWOBJ_EX,
  ),
  attack(
    'stack-global',
    'os.system',
    op.SHORT_BINUNICODE('os'),
    op.SHORT_BINUNICODE('system'),
    op.STACK_GLOBAL,
  ),
  attack(
    'stack-global-from-memo',
    'os.system',
    text('system'),
    op.BINPUT(0),
    text('os'),
    op.BINPUT(1),
    op.POP,
    op.POP,
    op.BINGET(1),
    op.BINGET(0),
    op.STACK_GLOBAL,
  ),
  attack(
    'stack-global-by-bytes',
    'no name',
    op.SHORT_BINBYTES('os'),
    op.SHORT_BINBYTES('system'),
    op.STACK_GLOBAL,
  ),
  attack(
    'stack-global-by-python-2-text',
    'os.system',
    op.SHORT_BINSTRING('os'),
    op.SHORT_BINSTRING('system'),
    op.STACK_GLOBAL,
  ),
  attack('stack-global-by-numbers', 'no name', integer(1), integer(2), op.STACK_GLOBAL),
  attack('stack-global-without-module', 'stack is empty', text('system'), op.STACK_GLOBAL),
  attack(
    'dotted-through-torch',
    'torch.serialization.os.system',
    op.GLOBAL('torch', 'serialization.os.system'),
  ),
  attack(
    'dotted-through-rebuild',
    '_rebuild_tensor_v2.__globals__',
    op.GLOBAL('torch._utils', '_rebuild_tensor_v2.__globals__'),
  ),
  attack('dotted-through-ordered-dict', '__class__', op.GLOBAL('collections', 'OrderedDict.__class__')),
  attack('dotted-module', 'collections.OrderedDict.mro', op.GLOBAL('collections.OrderedDict', 'mro')),
  attack('name-with-space', 'collections.OrderedDict ', op.GLOBAL('collections', 'OrderedDict ')),
  attack('name-with-carriage-return', 'os\ufffd.system', op.GLOBAL('os\r', 'system')),
  attack('name-in-capitals', 'Collections.OrderedDict', op.GLOBAL('Collections', 'OrderedDict')),
  attack('name-with-look-alike', 'llections.OrderedDict', op.GLOBAL('c\u043ellections', 'OrderedDict')),
  attack(
    'name-split-elsewhere',
    'torch._utils _rebuild_tensor_v2.',
    op.GLOBAL('torch._utils _rebuild_tensor_v2', ''),
  ),
  attack('name-empty', 'refused', op.GLOBAL('', '')),
  attack('name-proto', '__proto__.constructor', op.GLOBAL('__proto__', 'constructor')),
  attack('name-of-a-megabyte', 'aaaaaaaaaa', op.GLOBAL('a'.repeat(2 ** 20), 'b')),
  attack('name-with-escape-sequence', '\ufffd[31m', op.GLOBAL('\u001b[31m\u202e', 'system')),
  attack('name-not-utf-8', 'UTF-8', concat('c', [0xff, 0xfe, 0x0a, 0x78, 0x0a])),
  attack('name-without-end', 'does not end', concat('cos\nsystem')),

  attack('extension-1', '0x82', op.EXT1(1), tuple(echo), op.REDUCE),
  attack('extension-2', '0x83', op.EXT2(256), tuple(echo), op.REDUCE),
  attack('extension-4', '0x84', op.EXT4(65536), tuple(echo), op.REDUCE),
  attack('bytearray', '0x96', op.BYTEARRAY8('corpus')),
  attack('next-buffer', '0x97', op.NEXT_BUFFER),
  attack('readonly-buffer', '0x98', op.NONE, op.READONLY_BUFFER),
  attack('text-persistent-id', '0x50', op.PERSID('echo corpus')),

  attack(
    'call-of-a-call',
    'not a named function',
    call('collections', 'OrderedDict'),
    tuple(echo),
    op.REDUCE,
  ),
  attack('call-of-a-tensor', 'not a named function', w, tuple(echo), op.REDUCE),
  attack('call-of-text', 'not a named function', text('os.system'), tuple(echo), op.REDUCE),
  attack(
    'call-with-a-list',
    'not a named function',
    op.GLOBAL('collections', 'OrderedDict'),
    op.EMPTY_LIST,
    op.REDUCE,
  ),
  attack('call-without-arguments', 'stack is empty', op.GLOBAL('collections', 'OrderedDict'), op.REDUCE),
  attack('ordered-dict-of-text', 'not made from pairs', call('collections', 'OrderedDict', text('ab'))),
  attack(
    'ordered-dict-of-triples',
    'not made from pairs',
    call('collections', 'OrderedDict', concat(op.EMPTY_LIST, tuple(echo, echo, echo), op.APPEND)),
  ),
  attack(
    'ordered-dict-of-two',
    'not made from pairs',
    call('collections', 'OrderedDict', op.EMPTY_LIST, op.EMPTY_LIST),
  ),

  beside('hidden-in-values', 'os.system', call('os', 'system', echo)),
  beside('hidden-in-list', 'os.system', concat(op.EMPTY_LIST, call('os', 'system', echo), op.APPEND)),
  beside('hidden-in-tuple', 'os.system', tuple(call('os', 'system', echo))),
  attack('hidden-in-key', 'os.system', dict([[call('os', 'system', echo), w]])),
  attack(
    'hidden-in-state',
    'os.system',
    dict([[text('w'), w]]),
    dict([[text('_metadata'), call('os', 'system', echo)]]),
    op.BUILD,
  ),
  beside(
    'hidden-in-hooks',
    'os.system',
    call(
      'torch._utils',
      '_rebuild_tensor_v2',
      storageId({ key: '0', numel: 2 }),
      integer(0),
      tuple(integer(2)),
      tuple(integer(1)),
      op.NEWFALSE,
      call('os', 'system', echo),
    ),
  ),
  beside(
    'hidden-in-persistent-id',
    'os.system',
    concat(tuple(text('storage'), system, text('0')), op.BINPERSID),
  ),
  beside(
    'hidden-in-storage-key',
    'os.system',
    concat(
      tuple(text('storage'), op.GLOBAL('torch', 'FloatStorage'), call('os', 'system', echo)),
      op.BINPERSID,
    ),
  ),
  attack('build-on-text', 'plain value', text('x'), dict([[text('__class__'), echo]]), op.BUILD),
  attack('build-on-list', 'plain value', op.EMPTY_LIST, dict([[text('append'), echo]]), op.BUILD),
  attack(
    'build-on-global',
    'plain value',
    op.GLOBAL('torch', 'FloatStorage'),
    dict([[text('x'), echo]]),
    op.BUILD,
  ),
  attack(
    'module',
    'torch.nn.modules.linear.Linear',
    call('torch.nn.modules.linear', 'Linear'),
    op.EMPTY_DICT,
    op.BUILD,
  ),

  refused('attack-behind-stop.pt', 'follow the pickle', () =>
    torchZip(concat(pickle(dict([[text('w'), w]])), pickle(call('os', 'system', echo))), storage),
  ),
  refused('attack-before-a-cut.pt', 'os.system', () =>
    torchZip(concat(op.PROTO(2), call('os', 'system', echo), op.BINUNICODE('x', 2 ** 20)), storage),
  ),
  refused('attack-in-a-second-pickle.pt', '2 data.pkl', () =>
    zipOf([
      ...torchMembers(pickle(dict([[text('w'), w]])), storage),
      { name: 'n/data.pkl', data: pickle(call('os', 'system', echo)) },
    ]),
  ),
  refused('attack-of-protocol-0.pt', 'os.system', () =>
    torchZip(concat('cos\nsystem\n(S"echo corpus"\ntR.'), storage),
  ),
  refused('attack-bare.pkl', 'bare Python pickle', () => pickle(call('os', 'system', echo))),

  // What looks like an attack and is none.
  read('attack-in-a-name-only.pt', [t('os.system("echo corpus")', [2], [1, 2])], () =>
    zip(dict([[text('os.system("echo corpus")'), w]])),
  ),
  read('attack-in-metadata-text-only.pt', [t('w', [2], [1, 2])], () =>
    zip(
      dict([[text('w'), w]]),
      dict([[text('_metadata'), dict([[text('cos\nsystem\n(S"echo corpus"\ntR.'), op.NONE]])]]),
      op.BUILD,
    ),
  ),
  read('attack-in-another-member.pt', [t('w', [2], [1, 2])], () =>
    zipOf([
      ...torchMembers(pickle(dict([[text('w'), w]])), storage),
      { name: 'm/extra/data.pkl', data: pickle(call('os', 'system', echo)) },
    ]),
  ),
]
