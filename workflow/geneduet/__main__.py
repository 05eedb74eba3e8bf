"""`python -m geneduet`: what every rule of the workflow runs."""

from geneduet.cli import main

if __name__ == "__main__":
    main()
