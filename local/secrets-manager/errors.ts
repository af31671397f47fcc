/** The error types that this server returns. */
export type ErrorType =
  | 'AccessDeniedException'
  | 'InternalServiceError'
  | 'InvalidNextTokenException'
  | 'InvalidParameterException'
  | 'InvalidRequestException'
  | 'LimitExceededException'
  | 'MissingAuthenticationTokenException'
  | 'ResourceExistsException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'ThrottlingException'
  | 'UnknownOperationException'
  | 'UnrecognizedClientException'
  | 'ValidationException';

/** An error response of the service; `type` and `message` become the name and message of the client's exception. */
export class ServiceError extends Error {
  readonly type: ErrorType;

  constructor(type: ErrorType, message: string) {
    super(message);
    this.type = type;
  }
}

/** An InvalidParameterException. */
export const invalidParameter = (message: string) => new ServiceError('InvalidParameterException', message);

/** An InvalidRequestException. */
export const invalidRequest = (message: string) => new ServiceError('InvalidRequestException', message);

/** An InternalServiceError, which shows nothing of its cause. */
export const internalError = () => new ServiceError('InternalServiceError', 'An error occurred on the server side.');
