using Mayfly.Linux;

namespace Mayfly.Environments;

/// <summary>The programs <c>pip</c> of an environment that has no pip: they hand what they are asked to Mayfly. <c>python -m pip</c> finds them too.</summary>
/// <remarks>They are no distribution, so nobody who lists what is installed sees a pip that is not there; and pip itself, when it comes, takes their place.</remarks>
internal static class PipPrograms
{
    private const string Mark = "# Mayfly's, in the place of pip.", Key = "mayfly";

    /// <summary>The tool that an environment was made with, which answers for pip in it; null when it has none.</summary>
    public static string? ToolOf(string root) => PyvenvFile.Value(root, Key);

    /// <summary>Says so in an environment that is being made.</summary>
    public static void Note(string made, string tool) => File.AppendAllText($"{made}/pyvenv.cfg", $"{Key} = {tool}\n");

    /// <summary>Puts them into an environment that is being made.</summary>
    public static void Write(string made, Interpreter interpreter, string tool)
    {
        Directory.CreateDirectory($"{made}/{interpreter.SitePackages}/pip");
        foreach (var path in Paths(interpreter))
        {
            var isProgram = path.StartsWith("bin/", StringComparison.Ordinal);
            File.WriteAllText($"{made}/{path}", isProgram ? Program(tool) : path.EndsWith("/__main__.py", StringComparison.Ordinal) ? Main : $"{Mark}\n");
            if (isProgram)
                Files.ChangeMode($"{made}/{path}", 0b111_101_101);
        }
    }

    /// <summary>Those of them that are in an environment, from its root.</summary>
    public static IEnumerable<string> In(string root, Interpreter interpreter) => Paths(interpreter).Where(path => File.Exists($"{root}/{path}") && File.ReadLines($"{root}/{path}").Take(2).Contains(Mark));

    private static string[] Paths(Interpreter interpreter) =>
        ["bin/pip", $"bin/pip{interpreter.Major}", $"bin/pip{interpreter.Major}.{interpreter.Minor}", $"{interpreter.SitePackages}/pip/__init__.py", $"{interpreter.SitePackages}/pip/__main__.py"];

    /// <summary>Finds its environment by its own place, so that a copy of it is that of the copy.</summary>
    private static string Program(string tool) => $$"""
        #!/bin/sh
        {{Mark}}
        self=$0
        [ ! -L "$self" ] || self=$(readlink -f "$self")
        root=$(CDPATH= cd -- "${self%/*}/.." && pwd) || exit
        mayfly='{{tool.Replace("'", "'\\''", StringComparison.Ordinal)}}'
        [ -x "$mayfly" ] || mayfly=$(command -v mayfly) || {
            echo "error: mayfly, which answers for pip in this environment, is gone from '{{tool.Replace("'", "'\\''", StringComparison.Ordinal)}}' and not on PATH" >&2
            echo "hint: add its folder to PATH, or put pip itself here: $root/bin/python -m ensurepip" >&2
            exit 1
        }
        exec "$mayfly" pip --env "$root" "$@"

        """;

    private const string Main = $"""
        {Mark}
        import os
        import sys

        program = os.path.join(sys.prefix, "bin", "pip")
        os.execv(program, [program] + sys.argv[1:])

        """;
}
