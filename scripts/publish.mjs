/**
 * `node scripts/publish.mjs v1.2.3`: publishes the tarballs of `npm run pack`, dependencies first. A version that the registry already has is
 * passed over, so that a run which broke off half-way can be run again.
 *
 *   --dry-run   does all but publish
 */
import { execFileSync } from 'node:child_process'
import { ensurePacks } from './pack.mjs'

const [tag, ...options] = process.argv.slice(2)
const isDryRun = options.includes('--dry-run')

const packs = await ensurePacks()
const other = packs.filter(({ version }) => tag !== `v${version}`)
if (other.length > 0) {
  console.error(`cannot publish ${tag ?? 'without a tag'}: ${other.map(({ name, version }) => `${name} is ${version}`).join(', ')}`)
  process.exit(1)
}
for (const { name, version, file } of packs) {
  if (isPublished(name, version)) {
    console.log(`${name}@${version}: published before`)
    continue
  }
  // A version with a hyphen is a prerelease: nobody gets it who did not ask for it.
  const channel = version.includes('-') ? 'next' : 'latest'
  execFileSync('npm', ['publish', file, '--provenance', '--access', 'public', '--tag', channel, ...(isDryRun ? ['--dry-run'] : [])], {
    stdio: 'inherit',
  })
  console.log(`${name}@${version}: ${isDryRun ? 'would be published' : 'published'} as ${channel}`)
}

function isPublished(name, version) {
  try {
    return (
      execFileSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() ===
      version
    )
  } catch {
    return false // npm exits with 1 for a package that nobody has published
  }
}
