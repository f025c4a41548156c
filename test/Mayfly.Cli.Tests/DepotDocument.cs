using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary>docs/guides/python-depot.md is a session; it is typed here, with wheels of these names in an index.</summary>
[Trait("needs", "oracle")]
public sealed class DepotDocument : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_it_shows_is_what_happens()
    {
        var wheels = Directory.CreateDirectory($"{_folder.Path}/.wheels").FullName;
        Wheel("django", "5.0.3", "Django", "(5, 0, 3)", "asgiref<4,>=3.8", "sqlparse>=0.3.1");
        Wheel("asgiref", "3.8.1", "asgiref", "3");
        Wheel("sqlparse", "0.4.4", "sqlparse", "0");
        foreach (var backend in Directory.GetFiles("/usr/share/python-wheels").Where(static path => !Path.GetFileName(path).StartsWith("pip-", StringComparison.Ordinal)))
            File.Copy(backend, $"{wheels}/{Path.GetFileName(backend)}");
        SourceProject.Archive(wheels, "report", new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n[project]\nname = 'report'\nversion = '1.0'\nlicense = {text = 'Apache-2.0'}\n[tool.setuptools]\npy-modules = ['report']\n",
            ["report.py"] = "x = 1\n",
        });
        _folder.With("shop/requirements.txt", "django>=4\n").With("report/requirements.txt", "report\n").With("bin/mayfly", $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll")}' \"$@\"\n");
        File.SetUnixFileMode($"{_folder.Path}/bin/mayfly", (UnixFileMode)0b111_101_101);
        var environment = new Dictionary<string, string?>
        {
            ["PATH"] = $"{_folder.Path}/bin:/usr/bin:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = _folder.Path,
            ["MAYFLY_STORE"] = $"{_folder.Path}/.store",
            ["WORKON_HOME"] = null,
            ["VIRTUAL_ENV"] = null,
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PIP_NO_INDEX"] = null,
            ["PIP_FIND_LINKS"] = null,
            ["PIP_INDEX_URL"] = StaticIndex.Write($"{_folder.Path}/.index", wheels),
        };
        var steps = RealDepot.Session(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "python-depot.md"))).ToArray();
        Assert.True(steps.Length > 12, $"only {steps.Length} commands were found");
        foreach (var (command, expected) in steps)
        {
            var ended = Shell.Run(_folder.Path, environment, $"exec 2>&1\n{command}");
            var printed = string.Join('\n', ended.Output.TrimEnd().Split('\n').Where(static line => !Regex.IsMatch(line, "^(unpack wheels|build report|fetch wheels).*"))) + (ended.ExitCode == 0 ? "" : $"\n(exit code {ended.ExitCode})");
            var pattern = string.Concat(expected.Trim('\n').Split('\n').Select(static line => line == "…" ? @"(?:.*\n)*?" : string.Join(".*", line.Split('…').Select(Regex.Escape)) + @"\n"));
            Assert.True(Regex.IsMatch(printed.Trim('\n') + "\n", $"^{pattern}$", RegexOptions.None, TimeSpan.FromSeconds(10)), $"$ {command}\nprints\n{printed}\nand the document says\n{expected}");
        }

        void Wheel(string project, string version, string name, string value, params string[] requires) => WheelFile.WriteWith(wheels, project, version, new Dictionary<string, string>
        {
            [$"{project}/__init__.py"] = $"version = {value}\n",
        }, $"Name: {name}\nLicense: BSD-3-Clause\n{string.Concat(requires.Select(static one => $"Requires-Dist: {one}\n"))}");
    }
}
