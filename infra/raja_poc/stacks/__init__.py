"""The stacks of the reference service. They meet rajee-deploy only through its construct `DeployState`."""
