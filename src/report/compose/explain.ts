/** `explain`: any number, operation or problem, asked why. */
import { nearest } from '../../base/nearest.ts'
import { problems } from '../../base/problems.ts'
import { metricNames } from '../../engine/metrics.ts'
import type { Report } from '../report.ts'
import { listMetrics } from './explain/catalogue.ts'
import { explainFact, explainMetric, factNames, isFact, isMetric } from './explain/metric.ts'
import { explainOperations, operationId, operationsUnder } from './explain/operation.ts'
import { explainProblem, isProblem } from './explain/problem.ts'
import type { Explanation, Question } from './explain/question.ts'

export type { Explanation, Question } from './explain/question.ts'

export function explain(question: Question): Explanation {
  const { subject } = question
  if (subject === undefined) return found(listMetrics(question))
  if (isMetric(subject)) return found(explainMetric(subject, question))
  if (isProblem(subject)) return found(explainProblem(subject, question))
  if (isFact(subject)) return found(explainFact(subject, question))
  const operations = question.run ? operationsUnder(subject, question.run.simulation) : []
  if (question.run && operations.length > 0)
    return found(explainOperations(subject, operations, question.run, question))
  return { kind: 'unknown', subject, suggestion: nearest(subject, subjects(question)) }
}

function found(report: Report): Explanation {
  return { kind: 'report', report }
}

/** All that can be explained: for suggestions and for completion in a shell. */
export function subjects({ run }: Pick<Question, 'run'>): readonly string[] {
  const operations = run ? run.simulation.operations.map(({ timing }) => operationId(timing.operation)) : []
  return [...metricNames, ...operations, ...Object.keys(problems), ...factNames()]
}
