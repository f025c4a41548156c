using System.CommandLine;
using System.Globalization;
using Mayfly;
using Mayfly.Benchmarks;

// Beside which Mayfly's own start is measured.
if (args is ["nothing"])
    return 0;
if (args is [FetchFigure.Alone, var store, var locked, var address])
    return await FetchFigure.RunAloneAsync(store, locked, address);
if (args is [PeakMemory.Alone, .. { Length: > 0 } alone])
    return await PeakMemory.RunAloneAsync(alone);

var names = new Argument<string[]>("FIGURE") { Description = $"What to measure: {string.Join(", ", Figures.All.Select(figure => figure.Name))}; all unless named", Arity = ArgumentArity.ZeroOrMore };
names.AcceptOnlyFromAmong([.. Figures.All.Select(figure => figure.Name)]);
var rounds = new Option<int?>("--rounds") { Description = "How often each side is measured", HelpName = "N" };
rounds.Validators.Add(result =>
{
    if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, CultureInfo.InvariantCulture, out var value) && value > 0))
        result.AddError("--rounds is a number above 0");
});
var markdown = new Option<string?>("--markdown") { Description = "Also write the tables into this document, between the markers of each figure", HelpName = "FILE" };
var folder = new Option<string>("--folder") { Description = "Where to work; what was fetched stays there for the next time", HelpName = "FOLDER", DefaultValueFactory = _ => "/var/tmp/mayfly-benchmarks" };
var command = new RootCommand("Measures how good Mayfly is, beside other tools in the same run") { names, rounds, markdown, folder };
command.SetAction(async (result, cancellationToken) =>
{
    var chosen = result.GetValue(names) is { Length: > 0 } some ? Figures.All.Where(figure => some.Contains(figure.Name)).ToArray() : [.. Figures.All];
    try
    {
        if (!Environment.IsPrivilegedProcess)
            throw new MayflyException("building images and running instances needs root", "run it with sudo");
        var missing = chosen.SelectMany(figure => figure.Needs).Distinct().Where(need => Outside.Find(need.Program) is null).ToArray();
        if (missing.Length > 0)
            throw new MayflyException($"this machine lacks what to compare with: {string.Join(", ", missing.Select(need => need.Program))}", $"apt-get install {string.Join(' ', missing.Select(need => need.Package).Distinct())}");
        // Hours of measuring must not end in a document that is not there.
        if (result.GetValue(markdown) is { } named && !File.Exists(named))
            throw new MayflyException($"there is no document {named} to write into", "name one that has the figures' tables: --markdown docs/benchmarks.md");
        using var workshop = await Workshop.OpenAsync(result.GetValue(folder)!, Console.Error, chosen.Any(static figure => figure.RunsTheTool), cancellationToken);
        foreach (var figure in chosen)
        {
            var count = result.GetValue(rounds) ?? figure.Rounds;
            Console.Error.WriteLine($"measure {figure.Name} …");
            var before = ThisMachine.Load();
            var found = await figure.MeasureAsync(workshop, count, cancellationToken);
            found = found with { Notes = [.. found.Notes, $"{(count == 1 ? "one round" : $"{count} rounds")} by turns: the median (least to most); {ThisMachine.Describe()}; load average {before} before and {ThisMachine.Load()} after"] };
            Console.Out.WriteLine(Table.Text(figure, found));
            if (result.GetValue(markdown) is { } document)
                await File.WriteAllTextAsync(document, Table.Into(await File.ReadAllTextAsync(document, cancellationToken), figure.Name, Table.Markdown(found)), cancellationToken);
        }

        return 0;
    }
    catch (MayflyException e)
    {
        Console.Error.WriteLine($"error: {e.Message}");
        if (e.Hint is not null)
            Console.Error.WriteLine($"hint: {e.Hint}");
        return 1;
    }
});
return await command.Parse(args).InvokeAsync();
