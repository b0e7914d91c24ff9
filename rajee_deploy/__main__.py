"""`python -m rajee_deploy`."""

from rajee_deploy.cli import main

main()
