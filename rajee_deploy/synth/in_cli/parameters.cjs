// Runs inside the CDK CLI, before its program: gives it parameters and context whose values no list of processes may show.
//
// It finds them in variables, and adds them to the arguments inside this process alone. That it did is told by an empty
// file. What the CLI starts in turn has none of this.
'use strict';

const told = process.env.RAJEE_DEPLOY_PARAMETERS;

// Something that starts the CLI would hand the arguments on, where they could be seen.
function isCli(fs) {
  try {
    return /[\\/]aws-cdk[\\/]bin[\\/]cdk(\.js)?$/.test(fs.realpathSync(process.argv[1]));
  } catch {
    return false;
  }
}

if (told && isCli(require('fs'))) {
  const { done, options, parameters = {}, context = [] } = JSON.parse(told);
  for (const each of context) process.argv.push(`--context=${each}`);
  for (const [variable, name] of Object.entries(parameters)) {
    process.argv.push(`--parameters=${name}=${process.env[variable]}`);
    delete process.env[variable];
  }
  require('fs').writeFileSync(done, '');
  delete process.env.RAJEE_DEPLOY_PARAMETERS;
  delete process.env.NODE_OPTIONS;
  if (options) process.env.NODE_OPTIONS = options;
}
