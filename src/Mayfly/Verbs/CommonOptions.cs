using System.CommandLine;
using Mayfly.Packages.Debian;

namespace Mayfly.Verbs;

/// <summary>Options that several verbs share, with one wording.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print data for programs instead of text for people" };

    /// <summary>No network; <see cref="StackCommand"/> sees to it for every verb that has it.</summary>
    public static Option<bool> Offline { get; } = new("--offline") { Description = "Use no network: what the store and depots on this machine lack is named" };

    public static Option<bool> KeepFailed() => new("--keep-failed") { Description = "When a script fails, keep the half-built tree to look into" };

    /// <summary>The components of a stack by name, completed by shells.</summary>
    public static Argument<string> Component(Stack stack)
    {
        var argument = new Argument<string>("COMPONENT") { Description = "A component, or one replica of it: web, web-2" };
        argument.CompletionSources.Add([.. stack.Components.Select(component => component.Name)]);
        return argument;
    }

    /// <summary>One set of the lock by name, completed by shells.</summary>
    public static Option<string?> Set(Stack stack, string description)
    {
        var option = new Option<string?>("--component") { Description = description, HelpName = "NAME" };
        option.CompletionSources.Add([SetRequest.Base, Packages.Tools.ToolSet.Request.Name, .. stack.Components.Select(component => component.Name)]);
        return option;
    }
}
