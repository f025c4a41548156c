using System.Diagnostics;
using Mayfly.Live;
using Mayfly.Machines;
using Mayfly.Spec;

namespace Mayfly.Deploying;

/// <summary>Runs a stack's tests, one after the other, each with a client of its own.</summary>
internal static class StackTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <exception cref="TestsFailedException">At least one failed; all have been run.</exception>
    public static async Task RunAsync(StackSpec spec, IReadOnlyList<StackTest> tests, IProvider provider, IReadOnlyList<InstanceState> instances, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var failures = new List<(string Name, string Why)>();
        foreach (var test in tests)
        {
            var name = $"test: {test.Name}";
            progress.Report(new Activity(name));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Limit);
            var watch = Stopwatch.StartNew();
            using var live = new LiveStack(spec, provider, instances, text => progress.Report(new Activity(name, text)), limit.Token);
            try
            {
                await test.Body(live).WaitAsync(limit.Token);
                progress.Report(new Activity(name, $"passed, {watch.ElapsedMilliseconds} ms") { Ended = true });
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                var why = limit.IsCancellationRequested ? $"took longer than {Limit.TotalSeconds:0} s" : e.Message;
                failures.Add((test.Name, why));
                progress.Report(new Activity(name, $"FAILED: {why}") { Ended = true });
            }
        }

        if (failures.Count > 0)
            throw new TestsFailedException(spec.Name, tests.Count, failures);
    }
}

/// <summary>Tests of a stack failed, so that nothing went live.</summary>
internal sealed class TestsFailedException(string stack, int count, IReadOnlyList<(string Name, string Why)> failures)
    : MayflyException(
        $"{failures.Count} of {Counted.Of(count, "test")} of {stack} failed:\n{string.Join('\n', failures.Select(failure => $"  {failure.Name}: {failure.Why}"))}",
        "what was live is untouched; mend the stack or the test and run `mayfly up` again")
{
    public override int ExitCode => 3;
}
