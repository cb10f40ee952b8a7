import manifest from '../package.json' with { type: 'json' }

const { version } = manifest

const words = process.argv.slice(2)

// The commonest question is answered before anything else is loaded.
if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) process.stdout.write(`${version}\n`)
else {
  const { main } = await import('./run-command.js')
  process.exitCode = await main(words, version)
}
