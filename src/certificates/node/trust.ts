/** How a machine is told to trust an authority. */

/** A program or system, and the command that makes it trust the certificate. */
export interface TrustStep {
  readonly who: string
  readonly command: string
}

/** The steps for a platform, those that matter most first. @param path the authority's certificate, PEM */
export function trustSteps(path: string, platform: NodeJS.Platform = process.platform): readonly TrustStep[] {
  const file = quoted(path)
  const browsers = `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n reticle -i ${file}`
  const programs = [
    { who: 'curl, for one call', command: `curl --cacert ${file} https://localhost:8443/` },
    { who: 'Node', command: `NODE_EXTRA_CA_CERTS=${file} node program.js` },
  ]
  switch (platform) {
    case 'darwin':
      return [
        {
          who: 'macOS, Safari and Chrome',
          command: `security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${file}`,
        },
        { who: 'Firefox', command: 'Settings, Privacy & Security, View Certificates, Authorities, Import' },
        ...programs,
      ]
    case 'win32':
      return [
        { who: 'Windows, Edge and Chrome', command: `certutil -addstore -user Root ${file}` },
        { who: 'Firefox', command: 'Settings, Privacy & Security, View Certificates, Authorities, Import' },
        ...programs,
      ]
    default:
      return [
        {
          who: 'Debian and Ubuntu',
          command: `sudo cp ${file} /usr/local/share/ca-certificates/reticle.crt && sudo update-ca-certificates`,
        },
        { who: 'Fedora, Arch', command: `sudo trust anchor ${file}` },
        { who: 'Chrome (libnss3-tools)', command: browsers },
        { who: 'Firefox', command: 'Settings, Privacy & Security, View Certificates, Authorities, Import' },
        ...programs,
      ]
  }
}

function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
