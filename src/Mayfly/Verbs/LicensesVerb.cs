using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Terminal;
using Spectre.Console;

namespace Mayfly.Verbs;

/// <summary><c>licenses</c>: what the locked packages' copyright files say, what they do not, and what the stack's policy says to it.</summary>
internal static class LicensesVerb
{
    public static Command Describe(Stack stack)
    {
        var package = new Argument<string?>("PACKAGE") { Description = "Only this package of stack.lock, paragraph by paragraph", Arity = ArgumentArity.ZeroOrOne };
        var component = CommonOptions.Set(stack, "Only what this component has over the base; base and tools name those sets");
        var judge = new Option<bool>("--judge") { Description = "Print nothing but what the policy refuses; without a policy nothing is read" };
        var wheels = new Option<string?>("--wheels") { Description = "With --judge: a file that names wheels of the store to judge, and not the lock", HelpName = "FILE", Hidden = true };
        var fetch = new Option<bool>("--fetch") { Description = "With --judge: have the lock's wheels in the store, whatever the policy", Hidden = true };
        var json = CommonOptions.Json();
        var command = new Command("licenses", "List the licences of the locked packages, as Debian's copyright files state them, and judge them by the policy of stack.cs. What is not in the store is fetched.\n\nExample: mayfly licenses examples/shop")
        {
            package, component, judge, wheels, fetch, CommonOptions.Offline, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            if (parsed.GetValue(wheels) is { } named)
            {
                using var use = place.Store.LockShared(new PlainProgress(Console.Error), cancellationToken);
                place.Licences.RequireWheels(await File.ReadAllLinesAsync(named, cancellationToken));
                return 0;
            }

            var stackLock = place.Packages.RequireLock();
            if (parsed.GetValue(judge))
            {
                return await Screen.ShowAsync(async progress =>
                {
                    using var use = place.Store.LockShared(progress, cancellationToken);
                    if (parsed.GetValue(fetch))
                        await place.Packages.FetchWheelsAsync(stackLock, progress, cancellationToken);
                    await place.Licences.RequireAsync(stackLock, progress, cancellationToken);
                    return 0;
                });
            }

            var name = parsed.GetValue(package);
            if (name is not null)
            {
                await Screen.ShowAsync(async progress =>
                {
                    await place.Packages.RequireAsync(stackLock, name, progress, cancellationToken);
                    return 0;
                });
            }

            var rows = ListVerb.Rows(stackLock, parsed.GetValue(component)).Where(row => name is null || row.Name == name || row.Id == name).DistinctBy(static row => row.Key).ToDictionary(static row => row.Key);
            if (name is not null && rows.Count == 0)
                throw new MayflyException($"{parsed.GetValue(component)} does not have {name}", $"`mayfly why {name}` shows who has it");
            var report = await Screen.ShowAsync(async progress =>
            {
                using var use = place.Store.LockShared(progress, cancellationToken);
                return await place.Licences.ReadAsync(stackLock, progress, cancellationToken);
            });
            report = new LicenceReport([.. report.Packages.Where(read => rows.ContainsKey((read.Package.Id, read.Package.Version)))]);
            var images = Deploying.LicenceReview.Judged(stackLock).Select(static judged => judged.Id).ToHashSet(StringComparer.Ordinal);
            var verdict = place.Spec.Licences.Judge(new LicenceReport([.. report.Packages.Where(read => images.Contains(read.Package.Id))]));
            if (parsed.GetValue(json))
            {
                // Of a thousand packages it is some fifteen megabytes, which need not be in memory at once.
                await using var standard = Console.OpenStandardOutput();
                await JsonSerializer.SerializeAsync(standard, LicensesDocument.Of(report, verdict, rows), LicensesJson.Default.LicensesDocument, cancellationToken);
                standard.WriteByte((byte)'\n');
            }
            else if (name is not null)
            {
                report.Packages.ToList().ForEach(Show);
            }
            else
            {
                Show(report, verdict, rows.Count == stackLock.Packages.Count + stackLock.Wheels().Count);
            }

            verdict.RequireNone(stack.Name);
            return 0;
        });
        return command;
    }

    private static void Show(LicenceReport report, LicenceVerdict verdict, bool whole)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("licence").AddColumn(new TableColumn("packages").RightAligned()).AddColumn("");
        var byLicence = report.Packages.SelectMany(static package => package.Licensed.SelectMany(static licensed => licensed.Licence.Terms).Select(static term => (term.Spdx, term.IsCertain)).Distinct().Select(term => (term, package.Package.Name)))
            .GroupBy(static pair => pair.term, static pair => pair.Name).OrderByDescending(static group => group.Key.IsCertain).ThenBy(static group => group.Key.Spdx, StringComparer.Ordinal);
        foreach (var licence in byLicence)
        {
            string[] names = [.. licence.Distinct().Order(StringComparer.Ordinal)];
            table.AddRow(new Text(licence.Key.Spdx), new Text(names.Length.ToString(CultureInfo.InvariantCulture)), new Text(string.Join(" ", names)));
        }

        Screen.Out.Write(table);
        var unread = report.Packages.Where(static package => !package.IsRead).ToList();
        Screen.Out.WriteLine($"{Counted.Of(report.Packages.Count, "package")}: {report.Packages.Count - unread.Count} read, {unread.Count(static package => package.Licensed.Count > 0)} read in part, {unread.Count(static package => package.Licensed.Count == 0)} not readable");
        foreach (var package in unread)
            Screen.Out.WriteLine($"  {package.Package.Name} {package.Package.Version}: {Unread(package)}");
        if (!whole)
            return;
        foreach (var exception in verdict.Needless)
            Screen.Out.WriteLine($"stack.cs says {exception}, which nothing needs");
    }

    private static void Show(PackageLicences package)
    {
        Screen.Out.WriteLine($"{package.Package.Id} {package.Package.Version}");
        if (package.Path is not null)
        {
            Screen.Out.WriteLine($"  /{package.Path}{(package.Holder == package.Package.Id ? "" : $", which {package.Holder} brings")}");
            Screen.Out.WriteLine($"  in the store: {package.File}");
        }

        foreach (var licensed in package.Licensed)
        {
            var spdx = licensed.Licence.Spdx == licensed.Licence.Text ? "" : $" ({licensed.Licence.Text})";
            Screen.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  line {licensed.Line}: {licensed.Licence.Spdx}{spdx} for {(licensed.Files.Count == 0 ? "the package as a whole" : string.Join(" ", licensed.Files))}"));
        }

        if (!package.IsRead)
            Screen.Out.WriteLine($"  not read: {Unread(package)}");
    }

    private static string Unread(PackageLicences package) =>
        $"{(package.Path is null ? "it" : $"/{package.Path}")} {string.Join("; ", package.Unread)}{(package.RefersTo.Count == 0 ? "" : $"; it refers to {string.Join(", ", package.RefersTo)}, which need not be its licence")}";
}
