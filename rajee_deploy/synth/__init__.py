"""The CDK side: what a synth reads, the CDK CLI, and the cloud assemblies that it makes."""
