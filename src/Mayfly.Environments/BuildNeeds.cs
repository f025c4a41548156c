using System.Text.RegularExpressions;

namespace Mayfly.Environments;

/// <summary>What a build lacks where it runs, by what compilers and setuptools say of it, and the package that has it.</summary>
internal static partial class BuildNeeds
{
    /// <summary>To be read in a hint; null when nothing of it is known.</summary>
    /// <param name="said">All that the build said.</param>
    /// <param name="place">Where it ran.</param>
    public static string? Missing(string said, IBuildPlace place)
    {
        if (Compiler().Match(said) is { Success: true } compiler)
        {
            var name = Path.GetFileName(compiler.Groups["name"].Value);
            return name.Contains("++", StringComparison.Ordinal) ? $"there is no compiler {name} for C++ {place.Where}: {place.Installing("g++")}" : $"there is no compiler {name} for C {place.Where}: {place.Installing("gcc", "libc6-dev")}";
        }

        if (Header().Match(said) is not { Success: true } header)
            return null;
        return header.Groups["name"].Value switch
        {
            "Python.h" when place.Interpreter.Executable.StartsWith("/usr/bin/", StringComparison.Ordinal) => $"the headers of {place.Interpreter.Name} are not {place.Where}: {place.Installing($"{place.Interpreter.FolderName}-dev")}",
            "Python.h" => $"{place.Interpreter.Executable} was installed without its headers: install it anew with them, or name another interpreter",
            "stdio.h" or "stdlib.h" or "stdint.h" or "string.h" or "limits.h" or "errno.h" or "math.h" or "assert.h" or "features.h" or "bits/libc-header-start.h" => $"the headers of the C library are not {place.Where}: {place.Installing("libc6-dev")}",
            var name => $"{name} is not {place.Where}: a package has it, whose name mostly ends in -dev (on Debian, apt-file search {name} tells which)",
        };
    }

    [GeneratedRegex(@"(?:error: command '|unable to execute ')(?<name>[\w./+-]*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)(?:-[\d.]+)?)'(?: failed)?: No such file or directory")]
    private static partial Regex Compiler();

    [GeneratedRegex(@"fatal error: '?(?<name>[\w./+-]+?)'?(?:: No such file or directory| file not found)")]
    private static partial Regex Header();
}
