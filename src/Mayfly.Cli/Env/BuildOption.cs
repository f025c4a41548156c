using System.CommandLine;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Env;

/// <summary>The permission to build, which whoever runs a command gives and no file can, and what builds are told.</summary>
internal static class BuildOption
{
    public static Option<string[]> Create() => new("--allow-build") { Description = "Projects whose code may run to build them from sources, or :all:", HelpName = "PROJECTS" };

    /// <summary>What backends are told, in pip's words.</summary>
    public static Option<string[]> Settings()
    {
        var option = new Option<string[]>("--config-settings", "-C") { Description = "What the backends of builds are told (PEP 517); again for more", HelpName = "KEY=VALUE" };
        option.Validators.Add(static result =>
        {
            foreach (var wrong in result.Tokens.Where(static token => token.Value.IndexOf('=') <= 0))
                result.AddError($"--config-settings takes KEY=VALUE, and not '{wrong.Value}'");
        });
        return option;
    }

    /// <summary>Names and values.</summary>
    public static IReadOnlyList<(string Name, string Value)> ReadSettings(ParseResult result, Option<string[]> option) => [.. (result.GetValue(option) ?? []).Select(static text => text.IndexOf('=') is var end ? (text[..end], text[(end + 1)..]) : default)];

    public static BuildPermission Read(ParseResult result, Option<string[]> option) => (result.GetValue(option) ?? []).Select(BuildPermission.Parse).Aggregate(BuildPermission.None, static (all, one) => all.And(one));
}
