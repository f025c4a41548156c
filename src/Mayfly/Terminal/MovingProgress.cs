using Spectre.Console;

namespace Mayfly.Terminal;

/// <summary>Progress as moving lines on a terminal, one a piece of work.</summary>
internal sealed class MovingProgress(ProgressContext context) : IProgress<Activity>
{
    private readonly Dictionary<string, ProgressTask> _tasks = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public void Report(Activity activity)
    {
        lock (_gate)
        {
            if (!_tasks.TryGetValue(activity.Name, out var task))
                _tasks[activity.Name] = task = context.AddTask(activity.Name, maxValue: 1);
            task.Description = Markup.Escape(activity.Detail is null ? activity.Name : $"{activity.Name}: {activity.Detail}{PlainProgress.Share(activity)}").ReplaceLineEndings(" ");
            if (activity.Total > 0)
                task.MaxValue(activity.Total).Value = activity.Done;
            if (!activity.Ended)
                return;
            task.Value = task.MaxValue;
            task.StopTask();
            _tasks.Remove(activity.Name);
        }
    }
}
