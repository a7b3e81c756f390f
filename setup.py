"""What is installed: our packages, the twistd plugin, and what they need."""

from setuptools import find_packages, setup

setup(
    # ``twisted.plugins`` is a namespace that twistd searches; it must hold no __init__.py.
    packages=[*find_packages(include=["datacode", "datacode.*"]), "twisted.plugins"],
    package_data={
        "datacode": [
            "py.typed",
            "i18n/locale/*/LC_MESSAGES/*",
            "charts/schema/*",
            "server/page/*",
            "samples/*",
            "server/api/schema/*",
        ],
        "twisted.plugins": ["datacode_plugin.py", "datacode_accounts.py"],
    },
)
