using System.Text.RegularExpressions;
using Mayfly.Cli.Env;
using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary>docs/guides/environments.md is a session, and so is docs/reference/env.md; each is typed here, with wheels of these names in a folder.</summary>
[Trait("needs", "oracle")]
public sealed class EnvironmentsDocument : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("environments.md")]
    [InlineData("env.md")]
    public void What_it_shows_is_what_happens(string document)
    {
        var wheels = Directory.CreateDirectory($"{_folder.Path}/.wheels").FullName;
        Wheel("django", "4.2.11", "asgiref<4,>=3.6", "sqlparse>=0.3.1");
        Wheel("django", "5.0.3", "asgiref<4,>=3.8", "sqlparse>=0.3.1");
        Wheel("asgiref", "3.5.2");
        Wheel("asgiref", "3.7.2");
        Wheel("asgiref", "3.8.1");
        Wheel("sqlparse", "0.4.4");
        Wheel("report", "1.4", "asgiref");
        _folder.With("bin/mayfly", $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll")}' \"$@\"\n").With("bin/pip", $"#!/bin/sh\nexec /usr/bin/python3 {Directory.GetFiles("/usr/share/python-wheels", "pip-*.whl").Single()}/pip \"$@\" --break-system-packages\n");
        foreach (var program in Directory.GetFiles($"{_folder.Path}/bin"))
            File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        var environment = new Dictionary<string, string?>
        {
            ["PATH"] = $"{_folder.Path}/bin:/usr/bin:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = _folder.Path,
            ["MAYFLY_STORE"] = $"{_folder.Path}/.store",
            ["WORKON_HOME"] = null,
            ["VIRTUAL_ENV"] = null,
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PIP_NO_INDEX"] = "1",
            ["PIP_FIND_LINKS"] = wheels,
            ["PIP_INDEX_URL"] = null,
        };
        var steps = RealDepot.Session(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, document))).ToArray();
        Assert.True(steps.Length > 12, $"only {steps.Length} commands were found");
        foreach (var (command, expected) in steps)
        {
            // The older asgiref is newest when the document begins.
            if (command.Contains("env upgrade", StringComparison.Ordinal))
                File.Move($"{wheels}/.asgiref-3.8.1-py3-none-any.whl", $"{wheels}/asgiref-3.8.1-py3-none-any.whl");
            if (command.Contains("env create", StringComparison.Ordinal))
                File.Move($"{wheels}/asgiref-3.8.1-py3-none-any.whl", $"{wheels}/.asgiref-3.8.1-py3-none-any.whl");
            var ended = Shell.Run(_folder.Path, environment, $"exec 2>&1\n{command}");
            var printed = string.Join('\n', ended.Output.TrimEnd().Split('\n').Where(static line => !line.StartsWith("unpack wheels:", StringComparison.Ordinal))) + (ended.ExitCode == 0 ? "" : $"\n(exit code {ended.ExitCode})");
            var pattern = "^" + Regex.Escape(expected.Trim('\n')).Replace("\\n…\\n", "\\n(.*\\n)*?", StringComparison.Ordinal).Replace("…", ".*", StringComparison.Ordinal) + "$";
            Assert.True(Regex.IsMatch(printed, pattern), $"$ {command}\nprints\n{printed}\nand the document says\n{expected}");
        }

        // Every verb has its section in the reference, and is typed there.
        foreach (var verb in EnvVerb.Create().Subcommands.Select(static verb => verb.Name).Where(_ => document == "env.md"))
            Assert.True(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, document)).Contains($"\n## {verb}\n", StringComparison.Ordinal) && steps.Any(step => step.Command.StartsWith($"mayfly env {verb}", StringComparison.Ordinal)), $"{document} has no example of {verb}");

        void Wheel(string project, string version, params string[] requires) => WheelFile.Write(wheels, project, version, new Dictionary<string, string>
        {
            [$"{project}/__init__.py"] = $"def main():\n    print('{version}')\n",
            [$"{project}-{version}.dist-info/entry_points.txt"] = project == "django" ? "[console_scripts]\ndjango-admin = django:main\n" : "",
        }, requires: requires);
    }
}
