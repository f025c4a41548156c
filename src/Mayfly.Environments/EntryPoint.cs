using System.Text.RegularExpressions;

namespace Mayfly.Environments;

/// <summary>A program that a distribution wants to have made for a function of it; "Entry points specification".</summary>
/// <param name="Name">The program's.</param>
/// <param name="Module">Where the function is: <c>django.core.management</c>.</param>
/// <param name="Function">With the objects on the way to it: <c>Main.run</c>.</param>
public sealed partial record EntryPoint(string Name, string Module, string Function)
{
    /// <summary>The programs that a file <c>entry_points.txt</c> asks for; other groups are for the distribution's own use.</summary>
    /// <exception cref="MayflyException">A line of these groups cannot be read, or names a program that is none.</exception>
    public static IReadOnlyList<EntryPoint> Read(string text, string origin)
    {
        List<EntryPoint> points = [];
        var wanted = false;
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Trim();
            if (line.Length == 0 || line[0] is '#' or ';')
                continue;
            if (line[0] == '[')
            {
                wanted = line is "[console_scripts]" or "[gui_scripts]";
                continue;
            }

            if (!wanted)
                continue;
            if (line.Split('=', 2) is not [var before, var after] || Reference().Match(after.Trim()) is not { Success: true } match)
                throw Wrong($"its entry points have '{line}', which names no function of a module", origin);
            var name = before.Trim();
            if (name.AsSpan().ContainsAny("/\0") || name is "" or "." or "..")
                throw Wrong($"its entry points name the program '{name}', which is no file's name", origin);
            if (!points.Exists(point => point.Name == name))
                points.Add(new EntryPoint(name, match.Groups["module"].Value, match.Groups["function"].Value));
        }

        return points;
    }

    /// <summary>The program, as pip writes it.</summary>
    /// <param name="interpreter">The path that the first line names.</param>
    public string Script(string interpreter) => $"""
        {Shebang(interpreter)}
        # -*- coding: utf-8 -*-
        import re
        import sys
        from {Module} import {Function.Split('.')[0]}
        if __name__ == '__main__':
            sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])
            sys.exit({Function}())

        """;

    /// <summary>The first line of a script, or the first two: the kernel takes 127 bytes without a space (execve(2)), and a shell can do the rest.</summary>
    public static string Shebang(string interpreter) => interpreter.Contains(' ', StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetByteCount(interpreter) > 124
        ? $"#!/bin/sh\n'''exec' {(interpreter.Contains(' ', StringComparison.Ordinal) ? $"\"{interpreter}\"" : interpreter)} \"$0\" \"$@\"\n' '''"
        : $"#!{interpreter}";

    private static MayflyException Wrong(string what, string origin) => new($"{origin} cannot be installed: {what}", "the project must mend it; take another version of it");

    [GeneratedRegex(@"^(?<module>\w+(\.\w+)*)\s*:\s*(?<function>\w+(\.\w+)*)\s*(\[[^\]]*\])?$")]
    private static partial Regex Reference();
}
