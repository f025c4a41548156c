using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Mayfly.Environments.Tests;

/// <summary>Small whole projects, each for another build backend.</summary>
internal static class SourceProject
{
    /// <summary>By the backend that they are for.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> All { get; } = new Dictionary<string, IReadOnlyDictionary<string, string>>
    {
        // As it was before pyproject.toml.
        ["old"] = new Dictionary<string, string>
        {
            ["setup.py"] = "import os, version\nfrom setuptools import setup\nassert os.path.exists('setup.cfg')\nsetup(name='old', version=version.number, packages=['old'], scripts=['old-script'], install_requires=['wheel', 'six; python_version < \"3\"'])\n",
            ["setup.cfg"] = "[metadata]\ndescription = Ümlaut\n",
            ["version.py"] = "number = '1.0'\n",
            ["old/__init__.py"] = "x = 1\n",
            ["old-script"] = "#!/usr/bin/env python\nimport old\n",
        },
        ["new"] = new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n[project]\nname = 'new'\nversion = '1.0'\ndependencies = ['wheel']\n[project.scripts]\nnew = 'new:main'\n[tool.setuptools]\npy-modules = ['new']\n",
            ["new.py"] = "def main():\n    print('new')\n",
        },
        ["flitted"] = new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['flit_core >=3.2,<4']\nbuild-backend = 'flit_core.buildapi'\n[project]\nname = 'flitted'\ndynamic = ['version', 'description']\nrequires-python = '>=3.8'\n",
            ["flitted.py"] = "'''Small'''\n__version__ = '1.0'\n",
        },
        ["hatched"] = new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n[project]\nname = 'hatched'\nversion = '1.0'\n[project.optional-dependencies]\nmore = ['wheel']\n",
            ["src/hatched/__init__.py"] = "x = 1\n",
        },
        ["poetic"] = new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[tool.poetry]\nname = 'poetic'\nversion = '1.0'\ndescription = ''\nauthors = []\n[tool.poetry.dependencies]\npython = '^3.8'\nwheel = '^0.38'\n[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n",
            ["poetic/__init__.py"] = "x = 1\n",
        },
        // The backend is in the project, and adds to another one.
        ["own"] = new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = []\nbuild-backend = 'backend:Hooks.here'\nbackend-path = ['build']\n[project]\nname = 'own'\nversion = '1.0'\ndescription = ''\n",
            ["build/backend.py"] = "class Hooks:\n    class here:\n        get_requires_for_build_wheel = staticmethod(lambda config_settings=None: ['flit_core'])\n        @staticmethod\n        def build_wheel(folder, config_settings=None, metadata_directory=None):\n            from flit_core.buildapi import build_wheel\n            return build_wheel(folder, config_settings, metadata_directory)\n",
            ["own.py"] = "'''Own'''\n",
        },
    };

    /// <summary>The archive of a project, as a source distribution of version 1.0.</summary>
    public static string Archive(string folder, string project, IReadOnlyDictionary<string, string> files, string? says = null)
    {
        var path = $"{folder}/{project}-1.0.tar.gz";
        using var tar = new TarWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest), TarEntryFormat.Pax);
        foreach (var (name, text) in files.Append(KeyValuePair.Create("PKG-INFO", says ?? $"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n")))
            tar.WriteEntry(new PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, $"{project}-1.0/{name}") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        return path;
    }

    public static void Folder(string folder, IReadOnlyDictionary<string, string> files)
    {
        foreach (var (name, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{folder}/{name}")!);
            File.WriteAllText($"{folder}/{name}", text);
        }
    }
}
