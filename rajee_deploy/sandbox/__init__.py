"""An embedded AWS for the demo and the tests: moto's control plane and an image registry on one loopback port.

Its state lives as long as its process. Only the server process imports moto (`server`, `corrections`, `images`,
`registry_api`); `control` starts and stops that process and must stay cheap to import.
"""
