/**
 * The command line. `npm run --silent cli -- COMMAND ...`: results on stdout, everything else on stderr,
 * exit code 0, 1 (the answer is no) or 2 (bad usage or bad input).
 */
import { runCommandLine } from './run'

process.exitCode = await runCommandLine(process.argv.slice(2))
