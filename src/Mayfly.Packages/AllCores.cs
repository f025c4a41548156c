using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Mayfly.Packages;

/// <summary>Work that has many parts, done on all cores.</summary>
public static class AllCores
{
    /// <summary>Returns when all is done; what the first part that failed said is thrown as it was.</summary>
    /// <param name="parts">Taken one at a time, in this order.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="work">What is done with each.</param>
    public static void Each<T>(IEnumerable<T> parts, CancellationToken cancellationToken, Action<T> work)
    {
        try
        {
            Parallel.ForEach(Partitioner.Create(parts, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, work);
        }
        catch (AggregateException e) when (e.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }
}
