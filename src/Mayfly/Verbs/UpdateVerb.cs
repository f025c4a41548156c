using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Packages;
using Mayfly.Terminal;
using Spectre.Console;

namespace Mayfly.Verbs;

/// <summary><c>update</c>: what newer packages would change in the lock, and the change itself once it is accepted.</summary>
internal static class UpdateVerb
{
    public static Command Describe(Stack stack)
    {
        var names = new Argument<string[]>("PACKAGE") { Description = "Only these, and what they need; all unless named", Arity = ArgumentArity.ZeroOrMore };
        var yes = new Option<bool>("--yes", "-y") { Description = "Accept the change without being asked" };
        var json = CommonOptions.Json();
        var command = new Command("update", "Show which locked packages have newer versions, and take them when you accept.\n\nExample: mayfly update examples/shop") { names, yes, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var before = place.Packages.RequireLock();
            var after = await Screen.ShowAsync(async progress =>
            {
                using var use = place.Store.LockShared(progress, cancellationToken);
                return await place.Packages.UpdateAsync(before, parsed.GetValue(names) ?? [], progress, cancellationToken);
            });
            var changes = LockChange.Between(before, after);
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize([.. changes.Select(Describe)], UpdateJson.Default.ListedChangeArray));
            else
                Show(changes);
            if (changes.Count == 0)
                return 0;
            if (!parsed.GetValue(yes) && (parsed.GetValue(json) || !await AcceptedAsync(cancellationToken)))
            {
                if (!parsed.GetValue(json))
                    Screen.Out.WriteLine("nothing was changed; `mayfly update --yes` takes it");
                return 0;
            }

            place.Packages.Replace(after);
            if (!parsed.GetValue(json))
                Screen.Out.WriteLine("stack.lock is written; `mayfly up` rehearses it and goes live");
            return 0;
        });
        return command;
    }

    private static async Task<bool> AcceptedAsync(CancellationToken cancellationToken) => !Console.IsInputRedirected && !Console.IsOutputRedirected
        && await new ConfirmationPrompt("Write this to stack.lock?") { DefaultValue = false }.ShowAsync(Screen.Out, cancellationToken);

    private static void Show(IReadOnlyList<LockChange> changes)
    {
        if (changes.Count == 0)
        {
            Screen.Out.WriteLine("stack.lock is up to date");
            return;
        }

        var width = changes.Max(change => change.Id.Length);
        foreach (var change in changes)
        {
            var line = change.Kind switch
            {
                LockChangeKind.Added => $"new: {change.After!.Version}",
                LockChangeKind.Removed => $"gone: {change.Before!.Version}",
                LockChangeKind.Replaced => $"{change.After!.Version}, built anew",
                LockChangeKind.Downgraded => $"{change.Before!.Version} → {change.After!.Version}, an older one: the archive no longer has the other",
                _ => $"{change.Before!.Version} → {change.After!.Version}",
            };
            Screen.Out.MarkupLineInterpolated(change.IsSecurity ? (FormattableString)$"{change.Id.PadRight(width)}  {line}  [red]security[/]" : $"{change.Id.PadRight(width)}  {line}");
        }

        var fixes = changes.Count(change => change.IsSecurity);
        Screen.Out.WriteLine($"{Counted.Of(changes.Count, "package")} would change{(fixes > 0 ? $", {Counted.Of(fixes, "security fix").Replace("fixs", "fixes", StringComparison.Ordinal)} among them" : "")}");
    }

    internal static ListedChange Describe(LockChange change) =>
        new(change.Id, change.Kind.ToString().ToLowerInvariant(), change.Before?.Version, change.After?.Version, change.IsSecurity);
}

internal sealed record ListedChange(string Package, string Change, string? Before, string? After, bool Security);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ListedChange[]))]
internal sealed partial class UpdateJson : JsonSerializerContext;
