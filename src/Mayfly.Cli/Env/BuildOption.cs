using System.CommandLine;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Env;

/// <summary>The permission to build, which whoever runs a command gives and no file can.</summary>
internal static class BuildOption
{
    public static Option<string[]> Create() => new("--allow-build") { Description = "Projects whose code may run to build them from sources, or :all:", HelpName = "PROJECTS" };

    public static BuildPermission Read(ParseResult result, Option<string[]> option) => (result.GetValue(option) ?? []).Select(BuildPermission.Parse).Aggregate(BuildPermission.None, static (all, one) => all.And(one));
}
